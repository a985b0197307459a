// A TCP port of 127.0.0.1 on which nothing listens.

import net from 'node:net';

export function freePort() {
  return new Promise((resolve, reject) => {
    const listener = net.createServer().on('error', reject);
    listener.listen(0, '127.0.0.1', () => {
      const { port } = listener.address();
      listener.close(() => resolve(port));
    });
  });
}
