// pennymeter-all.fcgi behind lighttpd: every address in one program.

import { provesTheContract } from './contract.mjs';

provesTheContract('all', { unknownVerb: 501 });
