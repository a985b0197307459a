/* Pages without figures: only the words and the header's controls. */

import { openPage } from './shell.mjs';

openPage();
