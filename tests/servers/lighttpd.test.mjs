// lighttpd, which starts a pool of processes for each function.

import { provesTheContract } from './contract.mjs';

provesTheContract('lighttpd', { unknownVerb: 501 });
