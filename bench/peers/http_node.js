// SPDX-License-Identifier: Apache-2.0
// The plaintext server of node:http. Usage: http_node.js PORT
const http = require('node:http');

const body = Buffer.from('Hello, World!');
const server = http.createServer((_, response) => {
    response.writeHead(200, {'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': body.length});
    response.end(body);
});
server.listen(Number(process.argv[2]), '127.0.0.1', () => console.log(`listening on ${server.address().port}`));
