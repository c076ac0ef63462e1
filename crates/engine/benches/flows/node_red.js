// The flows of the benchmark in Node-RED's runtime, as function nodes, without
// its editor and its HTTP server. Run in the folder where Node-RED is
// installed; prints one line a flow: its name and operations a second, where a
// node that handles a message is an operation.
'use strict';
const fs = require('fs');
const os = require('os');
const path = require('path');
const RED = require(require.resolve('node-red', { paths: [process.cwd()] }));

const ITEMS = 10000;
const step = (id, wires) => ({
    id, type: 'function', z: 'tab', outputs: 1, wires: [wires],
    func: 'msg.payload = { x: msg.payload.x + 1 }; return msg;',
});
const end = (id, group) => ({
    id, type: 'function', z: 'tab', outputs: 0, wires: [],
    func: `global.get('bench').ended('${group}');`,
});

function chain() {
    const nodes = [];
    for (let n = 1; n <= 10; n++) nodes.push(step(`chain${n}`, [n < 10 ? `chain${n + 1}` : 'chainEnd']));
    return nodes.concat(end('chainEnd', 'chain'));
}

function iterator() {
    return [
        {
            id: 'iterate', type: 'function', z: 'tab', outputs: 1, wires: [['item']],
            func: 'const items = msg.payload.items; return [items.map((payload, at) => ({ payload, last: at + 1 === items.length }))];',
        },
        { ...step('item', ['gather']) },
        {
            id: 'gather', type: 'function', z: 'tab', outputs: 1, wires: [['iteratorEnd']],
            func: 'const bench = global.get("bench"); bench.gathered.push({ x: msg.payload.x });\n'
                + 'if (!msg.last) return null; const array = bench.gathered; bench.gathered = [];\n'
                + 'return { payload: { array } };',
        },
        end('iteratorEnd', 'iterator'),
    ];
}

function router() {
    const rules = [], wires = [], nodes = [];
    for (let n = 0; n < 20; n++) {
        rules.push({ t: 'gte', v: `-${n}`, vt: 'num' });
        wires.push([`route${n}`]);
        nodes.push(step(`route${n}`, ['routerEnd']));
    }
    nodes.unshift({
        id: 'router', type: 'switch', z: 'tab', property: 'payload.x', propertyType: 'msg', rules,
        checkall: 'true', repair: false, outputs: 20, wires,
    });
    return nodes.concat(end('routerEnd', 'router'));
}

// Operations of one message that enters, the ends not counted.
const FLOWS = [
    { name: 'chain', into: 'chain1', messages: 10000, ends: 1, operations: 10, payload: (x) => ({ x }) },
    {
        name: 'iterator', into: 'iterate', messages: 10, ends: 1, operations: ITEMS + 2,
        payload: (x) => ({ x, items: Array.from({ length: ITEMS }, (_, n) => ({ x: n })) }),
    },
    { name: 'router', into: 'router', messages: 5000, ends: 20, operations: 20, payload: (x) => ({ x }) },
];

const waiting = {};
const bench = {
    gathered: [],
    ended(name) {
        const wait = waiting[name];
        if (wait && --wait.left === 0) wait.done();
    },
};

async function measure(flow) {
    const payloads = Array.from({ length: flow.messages }, (_, n) => flow.payload(n));
    const done = new Promise((resolve) => { waiting[flow.name] = { left: flow.messages * flow.ends, done: resolve }; });
    const into = RED.nodes.getNode(flow.into);
    const start = process.hrtime.bigint();
    payloads.forEach((payload) => into.receive({ payload }));
    await done;
    return flow.messages * flow.operations / (Number(process.hrtime.bigint() - start) / 1e9);
}

async function main() {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-red-bench-'));
    const flows = [{ id: 'tab', type: 'tab', label: 'bench' }, ...chain(), ...iterator(), ...router()];
    fs.writeFileSync(path.join(folder, 'flows.json'), JSON.stringify(flows));
    RED.init(null, {
        userDir: folder, flowFile: 'flows.json', httpAdminRoot: false, httpNodeRoot: false, httpStatic: false,
        credentialSecret: 'bench', functionGlobalContext: { bench }, functionExternalModules: false,
        logging: { console: { level: 'off', metrics: false, audit: false } },
        telemetry: { enabled: false, updateNotification: false },
        externalModules: { palette: { allowInstall: false } },
    });
    const started = new Promise((resolve) => RED.events.once('flows:started', resolve));
    await RED.start();
    await started;
    for (const flow of FLOWS) {
        let best = 0;
        const until = Date.now() + 4000;
        while (Date.now() < until) best = Math.max(best, await measure(flow));
        console.log(flow.name, Math.round(best));
    }
    await RED.stop();
    fs.rmSync(folder, { recursive: true, force: true });
    process.exit(0);
}

main().catch((error) => { console.error(error); process.exit(1); });
