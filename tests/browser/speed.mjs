// Median time of the server for each page, over many sequential requests without a browser.
//
//     node tests/browser/speed.mjs BASE_URL

const [base] = process.argv.slice(2);
const TIMES = 21;
const MOST = 20;
const PAGES = {
  nobody: ['/', '/apply', '/help', '/impact', '/impact?slide=100', '/gatherings', '/directory', '/sign-in'],
  Robin: ['/desk', '/desk/applications', '/desk/applications?q=soup', '/desk/panel', '/desk/grants', '/desk/payments', '/desk/payments?state=confirmed', '/desk/updates?state=accepted', '/desk/groups', '/desk/funds', '/desk/people?all=yes', '/desk/texts', '/desk/texts/report', '/desk/texts/mails', '/desk/figures', '/desk/figures?slide=120', '/desk/log'],
  Yusuf: ['/my', '/account'],
};

/** Becomes a person of the demo. Returns the session cookie. */
async function cookie(name) {
  const first = await fetch(`${base}/demo`);
  const visit = first.headers.getSetCookie()[0].split(';')[0];
  const page = await first.text();
  const csrf = /name="csrf" value="([0-9a-f]+)"/.exec(page)[1];
  const person = new RegExp(`name="person" value="([0-9a-f-]+)">(?:(?!<form)[\\s\\S])*?Become ${name}`).exec(page)[1];
  const answer = await fetch(`${base}/demo`, { method: 'POST', redirect: 'manual', headers: { cookie: visit, 'content-type': 'application/x-www-form-urlencoded' }, body: `csrf=${csrf}&person=${person}&want=pages` });
  return answer.headers.getSetCookie().map((one) => one.split(';')[0]).filter((one) => !one.endsWith('=')).at(-1);
}

async function first(path, held, wanted) {
  const page = await (await fetch(base + path, { headers: { cookie: held } })).text();
  return new RegExp(`href="(${wanted}[^"]+)"`).exec(page)[1];
}

let slow = 0;
for (const [who, paths] of Object.entries(PAGES)) {
  const held = who === 'nobody' ? '' : await cookie(who);
  if (who === 'Robin') {
    for (const room of ['applications', 'grants', 'groups', 'people']) paths.push(await first(`/desk/${room}`, held, `/desk/${room}/[0-9a-f]{8}`));
    paths.push(await first('/desk/panel', held, '/desk/panel/'), await first('/desk/funds', held, '/desk/funds/[0-9a-f]{8}'));
  }
  if (who === 'Yusuf') paths.push(await first('/my', held, '/my/grants/'));
  for (const path of paths) {
    const took = [];
    for (let time = 0; time < TIMES; time += 1) {
      const since = performance.now();
      const answer = await fetch(base + path, { headers: { cookie: held }, redirect: 'manual' });
      await answer.arrayBuffer();
      if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`);
      took.push(performance.now() - since);
    }
    const median = took.sort((a, b) => a - b)[Math.floor(TIMES / 2)];
    if (median > MOST) slow += 1;
    console.log(`${median.toFixed(1).padStart(6)} ms  ${path}${median > MOST ? '  TOO SLOW' : ''}`);
  }
}
process.exit(slow ? 1 : 0);
