// nginx, in front of functions that `pennymeter launch` starts.

import { provesTheContract } from './contract.mjs';

provesTheContract('nginx');
