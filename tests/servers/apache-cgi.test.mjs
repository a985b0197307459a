// Apache with plain CGI, by .htaccess alone: the common denominator of shared hosts.

import { provesTheContract } from './contract.mjs';

provesTheContract('apache-cgi', { resident: false });
