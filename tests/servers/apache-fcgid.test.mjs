// Apache with mod_fcgid, by .htaccess alone, told to take bodies of 4 MiB.

import { provesTheContract } from './contract.mjs';

provesTheContract('apache-fcgid');
