/* The page for what is missing: only the words and the header's controls. */

import { openPage } from '../lib/shell.mjs';

openPage();
