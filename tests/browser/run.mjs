// Runs every journey and checks every page of a running demo.
//
//     node tests/browser/run.mjs BASE_URL [PART_OF_A_JOURNEY'S_NAME]

import { apply } from './apply.mjs';
import { grant } from './grant.mjs';
import { journeys } from './journeys.mjs';
import { Looker } from './look.mjs';
import { People, launch, must } from './people.mjs';
import { words_are_kept } from './words.mjs';

const [base, only = ''] = process.argv.slice(2);
const browser = await launch();
const look = new Looker(browser, 'target/browser');
const failed = [];
const walk = async (name, journey) => {
  if (!name.includes(only)) return;
  const since = Date.now();
  try {
    let clock;
    const late = new Promise((_, refuse) => { clock = setTimeout(() => refuse(new Error('it took more than six minutes')), 360_000); });
    await Promise.race([journey(), late]).finally(() => clearTimeout(clock));
    console.log(`walked: ${name} (${((Date.now() - since) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed.push(name);
    console.log(`FAILED: ${name}: ${error.message}\n${error.stack?.split('\n').slice(1, 4).join('\n')}`);
  }
};

const off = new People(browser, base, false);
const made = {};
await walk('a group applies, scripts off', async () => {
  made.page = await off.stranger();
  made.one = await apply(made.page, look, { name: 'Monday soup', email: 'zofia@example.org', tag: 'off' });
});
await walk('award, payment and update, scripts off', () => grant(off, made.page, look, { id: made.one.id, name: 'Monday soup', tag: 'off' }));
await walk('a group applies in Polish, scripts on', async () => {
  const on = new People(browser, base, true);
  const page = await on.stranger();
  await apply(page, look, { name: 'Zupa w poniedziałki', email: 'zofia2@example.org', language: 'pl', tag: 'pl' });
  await page.context().close();
});
await journeys(walk, { browser, base, off, look, made });
await words_are_kept(walk, { off, look });
await browser.close();

// Each fault once, with the pages that have it.
const where = new Map();
for (const fault of look.faults) {
  const [, page, says] = /^(.*?): ([\s\S]*)$/.exec(fault);
  where.set(says, [...(where.get(says) ?? []), page]);
}
for (const [says, pages] of [...where].sort((a, b) => b[1].length - a[1].length)) {
  console.log(`fault on ${pages.length} pages (${pages.slice(0, 4).join(', ')}${pages.length > 4 ? ' …' : ''}): ${says}`);
}
console.log(`${look.pages} pages looked at, ${where.size} faults; ${failed.length} journeys failed`);
process.exit(failed.length || look.faults.length ? 1 : 0);
