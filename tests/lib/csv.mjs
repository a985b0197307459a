// CSV by RFC 4180, read strictly: rows end in CRLF, quotes are doubled.

export function readCsv(text) {
  const rows = [];
  let at = 0;
  while (at < text.length) {
    const row = [];
    for (;;) {
      let cell;
      if (text[at] === '"') {
        const match = /"((?:[^"]|"")*)"/y;
        match.lastIndex = at;
        const found = match.exec(text);
        if (!found) throw new Error(`a quoted cell does not end, at ${at}`);
        cell = found[1].replaceAll('""', '"');
        at = match.lastIndex;
      } else {
        const match = /[^",\r\n]*/y;
        match.lastIndex = at;
        [cell] = match.exec(text);
        at = match.lastIndex;
      }
      row.push(cell);
      if (text[at] !== ',') break;
      at++;
    }
    if (text.slice(at, at + 2) !== '\r\n') throw new Error(`a row does not end in CRLF, at ${at}: ${JSON.stringify(text.slice(at, at + 20))}`);
    at += 2;
    rows.push(row);
  }
  return rows;
}
