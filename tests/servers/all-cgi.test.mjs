// pennymeter-all.fcgi as plain CGI behind Apache.

import { provesTheContract } from './contract.mjs';

provesTheContract('all-cgi', { resident: false });
