// nginx, in front of functions that spawn-fcgi started.

import { provesTheContract } from './contract.mjs';

provesTheContract('nginx');
