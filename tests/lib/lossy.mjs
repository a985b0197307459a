// A way to a PostgreSQL server that counts how often it is asked, and can lose an answer: what was asked is done, and
// who asked is cut off without a word.

import net from 'node:net';

/**
 * For `functionsThrough`: while a command runs we carry nothing. `lose(text, { then })`: of the next message that holds the text,
 * once one held the text `after`; 'refuse' takes no connection after that, 'cut' ends all that there are, too. */
export async function startLossy(cluster) {
  const links = new Set();
  let plan = null;
  let refusing = false;
  let lost = 0;
  let asked = 0;
  let frozen = false;

  /** The server does what it was asked to: it is not told that nobody listens before it has answered. */
  function loseAnswer(client, server) {
    const { then } = plan;
    plan = null;
    server.removeAllListeners('data');
    server.once('data', () => {
      lost++;
      refusing = then !== 'go on';
      client.destroy();
      server.end();
      if (then === 'cut') links.forEach((link) => link.destroy());
    });
  }

  const listener = net.createServer((client) => {
    if (refusing) return client.destroy();
    const server = net.connect(cluster.port, '127.0.0.1');
    let answered = true; // what comes in pieces is one question
    for (const [one, other] of [[client, server], [server, client]]) {
      links.add(one);
      one.on('error', () => other.destroy()).on('close', () => { links.delete(one); other.destroy(); });
    }
    if (frozen) { client.pause(); server.pause(); }
    server.on('data', (bytes) => {
      answered = true;
      client.write(bytes);
    });
    client.on('data', (bytes) => {
      asked += answered ? 1 : 0;
      answered = false;
      if (plan && bytes.includes(plan.after)) plan.after = '';
      if (plan && !plan.after && bytes.includes(plan.text)) loseAnswer(client, server);
      server.write(bytes);
    });
    return undefined;
  });
  await new Promise((resolve) => { listener.listen(0, '127.0.0.1', resolve); });
  return {
    url: (database) => `postgresql://pennymeter@127.0.0.1:${listener.address().port}/${database}`,
    lose(text, { after = '', then = 'go on' } = {}) { plan = { text, after, then }; },
    lost: () => lost,
    /** How often something was sent after an answer: the round trips, and what is not waited for. */
    asked: () => asked,
    /** End every connection, and take no more. */
    cut() {
      refusing = true;
      links.forEach((link) => link.destroy());
    },
    mend() { plan = null; refusing = false; },
    /** Carry nothing more, and say so to nobody: a network that loses every packet. */
    freeze() { frozen = true; links.forEach((link) => link.pause()); },
    thaw() { frozen = false; links.forEach((link) => link.resume()); },
    async stop() {
      links.forEach((link) => link.destroy());
      await new Promise((resolve) => { listener.close(resolve); });
    },
  };
}
