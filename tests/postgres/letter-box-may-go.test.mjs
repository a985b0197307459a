// On PostgreSQL too: whatever becomes of the file in which one tenant's writers leave their letters, nothing is lost or doubled.

import { boxMayGo } from '../lib/vandals.mjs';

boxMayGo({ name: 'calls.slots' });
