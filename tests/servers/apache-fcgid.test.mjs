// Apache with mod_fcgid, by .htaccess alone. Past 131,072 bytes mod_fcgid answers 500 by itself.

import { provesTheContract } from './contract.mjs';

provesTheContract('apache-fcgid', { overCap: [413, 500] });
