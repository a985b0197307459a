/* The page /: only the words and the header's controls. */

import { openPage } from '../lib/shell.mjs';

openPage();
