/* English for India: the words of en-US in their British spelling; numbers and dates differ by Intl alone. */

import english from './en-US.mjs';

export default {
  ...english,
  messages: { ...english.messages, 'theme': 'Colours' },
};
