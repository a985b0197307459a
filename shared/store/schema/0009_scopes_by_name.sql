-- "*" stood for every scope that there was and that would come. A token keeps what it could do, by name.
UPDATE tokens SET scopes = 'usage:read usage:write' WHERE scopes LIKE '%*%';
