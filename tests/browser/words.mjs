// Each way to lose what was typed: the words are kept, or shown again.

import { answer } from './apply.mjs';
import { picture_of } from './grant.mjs';
import { begin, mail } from './journeys.mjs';
import { must, send, signIn } from './people.mjs';

const TYPED = 'We would meet by the river on Fridays, and cook there.';
const go = (page) => page.locator('main form.q button.go').last().click();
const words = (page) => page.locator('form.q textarea').first();

export async function words_are_kept(walk, { off, look }) {
  await walk('a link that is opened on a phone, while the computer goes on', async () => {
    const page = await asked(off, 'River on a phone', 'words-phone@example.org');
    await words(page).fill(TYPED);
    const phone = await off.stranger();
    await signs_in(phone, await link_of(off, 'words-phone@example.org'));
    must(phone.url().includes('/my'), `the phone is signed in: ${phone.url()}`);
    await saves(page, 'the computer is signed in as before');
    for (const one of [page, phone]) await one.context().close();
  });
  await walk('a link that is opened in another tab', async () => {
    const page = await asked(off, 'River in a tab', 'words-tab@example.org');
    await words(page).fill(TYPED);
    const tab = await page.context().newPage();
    await signs_in(tab, await link_of(off, 'words-tab@example.org'));
    await go(page);
    must((await words(page).inputValue()) === TYPED, `the words are on the page: ${page.url()}`);
    await look.at(page, 'words-kept');
    await saves(page, 'it is sent again');
    await page.context().close();
  });
  await walk('a session that ends while somebody types', async () => {
    const page = await asked(off, 'River at night', 'words-session@example.org');
    await words(page).fill(TYPED);
    await page.context().clearCookies();
    await go(page);
    must(page.url().includes('/sign-in?kept=yes'), `it is kept: ${page.url()}`);
    await signs_in(page, await link_of(off, 'words-session@example.org'));
    must((await words(page).inputValue()) === TYPED, `the words are on the page again: ${page.url()}`);
    await saves(page, 'it is sent again');
    await page.context().close();
  });
  await walk('the same form sent again with other words', async () => {
    const page = await asked(off, 'River again', 'words-again@example.org');
    const at = page.url();
    await words(page).fill(TYPED);
    // The first press is saved, and its answer never reaches the browser.
    await page.route(at, async (route) => { await route.fetch(); await route.abort('aborted'); }, { times: 1 });
    await Promise.all([page.waitForEvent('requestfailed'), go(page)]);
    must(page.url() === at, `still on the question: ${page.url()}`);
    await words(page).fill(`${TYPED} In winter we meet indoors.`);
    await go(page);
    must(await page.getByText(TYPED, { exact: true }).count(), 'the words that are saved are shown');
    must((await words(page).inputValue()).endsWith('indoors.'), 'so are the newer ones');
    await look.at(page, 'words-again');
    await go(page);
    must(page.url() !== at, `the newer words are saved: ${await page.locator('.wrong').allInnerTexts()}`);
    await page.goto(at);
    must((await words(page).inputValue()).endsWith('indoors.'), 'the newer words are there');
    await page.context().close();
  });
  await walk('files of a form with an error', async () => {
    const page = await off.of('Yusuf');
    await page.goto('/my');
    const link = await page.locator('main a[href^="/my/grants/"]').first().getAttribute('href');
    await page.goto(`${/^\/my\/grants\/[^/?#]+/.exec(link)[0]}/news`);
    const picture = await picture_of(page);
    await send(page, 'news', async (form) => {
      await form.locator('[name=pictured]').fill(TYPED);
      await form.locator('input[type=file]').setInputFiles(picture);
    });
    must(await page.locator('.wrong').count(), 'the text is missing');
    must((await page.locator('input[name=kept]').count()) === 1, 'the photo is kept and shown');
    must((await page.locator('[name=pictured]').inputValue()) === TYPED, 'and what was typed');
    await look.at(page, 'files-kept');
    await send(page, 'news', async (form) => form.locator('input[name=drop]').check());
    must((await page.locator('input[name=kept]').count()) === 0, 'the photo can be left out');
  });
  await walk('files of a form whose session ended', async () => {
    const page = await off.of('Yusuf');
    await sends_late(page);
    must((await page.locator('input[name=kept_file]').count()) === 1, 'the photo is shown by its name');
    must(await page.getByText(/picture\.png \(\d+ KB\)/).count(), 'and its size');
    must((await page.locator('[name=pictured]').inputValue()) === TYPED, 'and what was typed');
    await look.at(page, 'files-kept-late');
    // Without words the news is refused, and the photo is stored with the group.
    await send(page, 'news');
    must((await page.locator('input[name=kept]').count()) === 1, 'the photo was not chosen again');
    await sends_late(page);
    await send(page, 'news', async (form) => form.locator('input[name=drop_file]').check());
    must((await page.locator('input[name=kept]').count()) === 0, 'the photo can be removed');
  });
}

/** Sends news with a photo after the session has ended, and signs in again. */
async function sends_late(page) {
  await page.goto('/my');
  const link = await page.locator('main a[href^="/my/grants/"]').first().getAttribute('href');
  const at = `${/^\/my\/grants\/[^/?#]+/.exec(link)[0]}/news`;
  await page.goto(at);
  const picture = await picture_of(page);
  await page.context().clearCookies();
  await send(page, 'news', async (form) => {
    await form.locator('[name=pictured]').fill(TYPED);
    await form.locator('input[type=file]').setInputFiles(picture);
  });
  must(page.url().includes('/sign-in?kept=yes'), `the photo is kept as well: ${page.url()}`);
  await page.goto('/demo');
  await page.getByRole('button', { name: 'Become Yusuf' }).click();
  await page.goto(at);
}

/** A page with a question that is answered in words. */
async function asked(off, name, email) {
  const page = await off.stranger();
  await begin(page, name, email);
  for (let step = 0; !(await words(page).count()); step += 1) {
    must(step < 20, 'a question is answered in words');
    await answer(page, page.url().split('/').pop());
    await go(page);
  }
  return page;
}

/** The link in the newest mail to an address. */
async function link_of(off, email) {
  const reader = await off.stranger();
  await mail(reader, /Your link to sign in/, email);
  const link = await reader.locator('main a[href*="/sign-in/"]').first().getAttribute('href');
  await reader.context().close();
  return link;
}

/** Opens a link, and signs in as its page offers it. */
async function signs_in(page, link) {
  await page.goto(link);
  await signIn(page);
  await page.waitForLoadState('load');
}

/** Saves the answer on a page, and finds it there again. */
async function saves(page, says) {
  const at = page.url();
  await go(page);
  must(page.url() !== at && !page.url().includes('/sign-in'), `${says}: ${page.url()}`);
  await page.goto(at);
  must((await words(page).inputValue()) === TYPED, 'the words are saved');
}
