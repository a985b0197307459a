/* A form and what the API says of it: its fields are named as the body's members are, "email" or "lines/0/unit_price". */

import { h } from './dom.mjs';

/** The field that a cause is about, or the nearest around it: of "/lines/0/tax~1rate" that is "lines/0/tax/rate", "lines/0" or "lines". */
function fieldOf(form, pointer) {
  for (let names = pointer.split('/').slice(pointer.startsWith('/') ? 1 : 0); names.length; names = names.slice(0, -1)) {
    const found = form.elements.namedItem(names.map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~')).join('/'));
    if (found) return found instanceof RadioNodeList ? found[0] : found;
  }
  return null;
}

const describedBy = (field) => (field.getAttribute('aria-describedby') ?? '').split(' ').filter(Boolean);

function describe(field, ids) {
  if (ids.length) field.setAttribute('aria-describedby', ids.join(' '));
  else field.removeAttribute('aria-describedby');
}

/** Take back what showErrors() has said. */
export function clearErrors(form) {
  for (const note of form.querySelectorAll('.fielderror')) {
    for (const field of form.querySelectorAll(`[aria-describedby~="${CSS.escape(note.id)}"]`)) {
      field.removeAttribute('aria-invalid');
      describe(field, describedBy(field).filter((id) => id !== note.id));
    }
    note.remove();
  }
}

/** Say each cause of an ApiError at its field. Answers the list of { field, detail } for a summary; the field is null where the form has none. */
export function showErrors(form, { errors }) {
  clearErrors(form);
  return errors.map(({ pointer, detail }, index) => {
    const field = fieldOf(form, pointer);
    if (field) {
      const note = h('p', { class: 'error fielderror', id: `${form.id || 'form'}-error-${index}` }, detail);
      if (field.type === 'radio') field.closest('fieldset').append(note);
      else field.after(note);
      field.setAttribute('aria-invalid', 'true');
      describe(field, [...describedBy(field), note.id]);
    }
    return { field, detail };
  });
}
