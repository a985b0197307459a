/* What every page shares: its words, the header's controls, the sign-in panel, and the panel of an error. */

import { demoToken, openSession, signIn, signOut, whenSignedOut } from './api.mjs';
import { h, icon, store } from './dom.mjs';
import './form.mjs'; // for pages: it is in the file that all share
import { loadMessages, locale, locales, t, translate } from './locale.mjs';

const themes = { auto: 'auto', light: 'sun', dark: 'moon' };
const byId = (id) => document.getElementById(id);

function languageChoice() {
  const choice = h('select', {
    onchange: () => {
      store.write('pm.locale', choice.value);
      location.reload();
    },
  }, Object.entries(locales).map(([tag, name]) => h('option', { value: tag, lang: tag, selected: tag === locale }, name)));
  choice.setAttribute('aria-label', t('language'));
  return choice;
}

/** One button that goes round auto, light and dark; its name says which one holds. */
function themeChoice() {
  const button = h('button', { type: 'button', class: 'quiet square' });
  const show = () => {
    const theme = document.documentElement.dataset.theme ?? 'auto';
    button.replaceChildren(icon(themes[theme]));
    button.setAttribute('aria-label', `${t('theme')}: ${t(`theme.${theme}`)}`);
    button.title = button.getAttribute('aria-label');
  };
  button.addEventListener('click', () => {
    const names = Object.keys(themes);
    const next = names[(names.indexOf(document.documentElement.dataset.theme ?? 'auto') + 1) % names.length];
    if (next === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    store.write('pm.theme', next === 'auto' ? null : next);
    show();
    document.dispatchEvent(new Event('pm:theme'));
  });
  show();
  return button;
}

/** Words and controls that need no session: all that a static page has. */
export async function openPage() {
  await loadMessages();
  translate(document);
  const title = document.querySelector('h1').textContent;
  document.title = title === 'Pennymeter' ? title : `${title} · Pennymeter`;
  byId('controls').append(languageChoice(), themeChoice());
}

function show(id) {
  for (const part of ['content', 'signin', 'failure']) {
    const element = byId(part);
    if (element) element.hidden = part !== id;
  }
}

/** The page's own content, after a sign-in or a retry. */
export const showContent = () => show('content');

/* What had the focus is gone: it goes to the heading of what came in its place, never to nowhere. */
function focusHeading() {
  const heading = document.querySelector('h1');
  heading.tabIndex = -1;
  heading.focus();
}

/** Ask for a token in place of the content; the address stays, so the page goes on where it was. */
export function askForToken(message, proceed) {
  signOutButton.hidden = true;
  const error = h('p', { class: 'error', role: 'alert', id: 'token-error' }, message ?? '');
  const field = h('input', {
    id: 'token', name: 'password', type: 'password', autocomplete: 'current-password', spellcheck: false,
    required: true, 'aria-describedby': 'token-error', placeholder: 'pm_…',
  });
  const enter = (token) => {
    signIn(token);
    signOutButton.hidden = false;
    proceed();
    focusHeading();
  };
  const form = h('form', {
    class: 'panel', novalidate: '',
    onsubmit: (event) => {
      event.preventDefault();
      const token = field.value.trim();
      if (token) return enter(token);
      error.textContent = t('signin.empty');
      field.setAttribute('aria-invalid', 'true');
      field.focus();
    },
  },
  h('h2', {}, t('signin.title')),
  h('p', { class: 'muted' }, t('signin.lead')),
  h('input', { class: 'unseen', name: 'username', autocomplete: 'username', value: 'pennymeter', readOnly: true, tabIndex: -1, 'aria-hidden': 'true' }),
  h('label', { htmlFor: 'token' }, t('signin.token')),
  field, error,
  h('div', { class: 'row' },
    h('button', { class: 'primary' }, t('signin.submit')),
    demoToken() ? h('button', { type: 'button', onclick: () => enter(demoToken()) }, t('signin.demo')) : null));
  byId('signin').replaceChildren(form);
  show('signin');
  if (message !== null) field.focus();
}

/** Say what went wrong in place of the content, with a way on. */
export function showFailure(error, retry) {
  byId('failure').replaceChildren(h('div', { class: 'panel', role: 'alert' },
    h('h2', {}, t('error.title')),
    h('p', {}, error.message),
    error.detail ? h('p', { class: 'muted' }, error.detail) : null,
    h('div', { class: 'row' }, h('button', { type: 'button', class: 'primary', onclick: () => { retry(); focusHeading(); } }, t('retry')))));
  show('failure');
}

let signOutButton;

/** Open a page that needs a session: `proceed` runs whenever there is a token to try; `leave` when it is given up. */
export async function openPrivatePage(proceed, leave) {
  await openPage();
  signOutButton = h('button', {
    type: 'button', class: 'quiet', id: 'signout', hidden: true,
    onclick: () => {
      signOut();
      end();
    },
  }, t('signout'));
  const end = () => {
    leave();
    askForToken('', proceed);
  };
  whenSignedOut(end);
  byId('controls').append(signOutButton);
  if (await openSession()) {
    signOutButton.hidden = false;
    proceed();
  } else {
    askForToken(null, proceed);
  }
}
