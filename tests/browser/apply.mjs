// A group applies, from the first page to the reference number, with a wrong answer on every page first.

import { must } from './people.mjs';

/** How the title of the window begins when an answer was refused. */
const ERROR = { en: 'Error:', pl: 'Błąd:' };

export async function apply(page, look, { name, email, language = 'en', tag }) {
  const go = () => page.locator('main form button.go').last().click();
  const seen = async (step) => look.at(page, `${tag}-${step}`);
  await page.goto('/');
  if (language === 'pl') await page.getByRole('link', { name: 'Polski' }).first().click();
  await seen('home');
  await page.locator('main a[href^="/apply/"]').first().click();
  await seen('start');
  await weighs(page);
  await page.locator('main a[href$="/fits"]').click();
  await go();
  must(await page.locator('.wrong').count(), 'an empty answer is said to be wrong');
  must((await page.title()).startsWith(ERROR[language]), `the window's title says so too: ${await page.title()}`);
  await seen('fits-wrong');
  for (const yes of await page.locator('main input[value=yes]').all()) await yes.check();
  await go();
  await go();
  await seen('group-wrong');
  await page.locator('#group-name').fill(name);
  await go();
  await page.locator('[name=standing][value=new]').check();
  await page.locator('[name=area][value=oldham]').check();
  await go();
  await page.locator('#you-person').fill('Zofia Example');
  await go();
  must(await page.locator('.wrong').count(), 'one way at least to reach the group is needed');
  must((await page.locator('#you-person').inputValue()) === 'Zofia Example', 'the name that was typed stays');
  await seen('you-wrong');
  await page.locator('#you-email').fill(email);
  await go();
  // One question per page, up to the page that checks the answers.
  for (let step = 1; !page.url().endsWith('/check'); step += 1) {
    must(step < 25, 'the questions come to an end');
    const key = page.url().split('/').pop();
    if (key !== 'helper') {
      await empty(page);
      await go();
      if (await page.locator('.wrong').count()) await seen(`${key}-wrong`);
      else await page.goBack();
    }
    if (key === 'amount') {
      await page.locator('#answer-answer').fill('9000');
      await go();
      must((await page.locator('#answer-answer').inputValue()) === '9000', 'what was typed stays');
      await seen('amount-outside');
    }
    await answer(page, key);
    await seen(key);
    await go();
    must(!(await page.locator('.wrong').count()), `the answer to ${key} is taken: ${await page.locator('.wrong').allInnerTexts()}`);
  }
  await seen('check');
  await go();
  must(page.url().endsWith('/done'), `it was sent: ${page.url()}`);
  await seen('done');
  const reference = await page.locator('main strong, main .num, main .big-n').filter({ hasText: /^\d\d\d \d\d\d$/ }).first().innerText();
  must(/^\d[\d ]+\d$/.test(reference), `the number can be spoken: ${reference}`);
  const id = page.url().split('/').at(-2);
  await page.goto(`/my/applications/${id}`);
  await seen('status');
  await page.goto(`/my/applications/${id}/receipt`);
  await seen('receipt');
  return { id, reference };
}

/** Answers one question, whatever it asks for. */
export async function answer(page, key) {
  const form = page.locator('form.q');
  if (await form.locator('.budget').count()) {
    await form.locator('input[name^=item-]').first().fill('Vegetables and bread');
    await form.locator('input[name^=amount-]').first().fill('850');
  } else if (key === 'people-at-risk') await form.locator('[value=no]').check();
  else if (key === 'amount') await form.locator('#answer-answer').fill('£850');
  else if (await form.locator('input[type=radio], input[type=checkbox]').count()) await form.locator('input[type=radio], input[type=checkbox]').first().check();
  else if (await form.locator('input[type=date]').count()) await form.locator('input[type=date]').fill('2027-03-01');
  else if (await form.locator('input[inputmode]').count()) await form.locator('input[inputmode]').first().fill('30');
  else await form.locator('textarea, input[type=text]').first().fill(`We would cook soup together on Mondays (${key}).`);
}

/** Takes every answer out of the form. */
async function empty(page) {
  await page.locator('form.q').evaluate((form) => {
    for (const field of form.querySelectorAll('input:not([type=hidden]), textarea')) {
      if (field.type === 'radio' || field.type === 'checkbox') field.checked = false;
      else field.value = '';
    }
  });
}

/** All that this page needs on a first visit, in bytes as they come over the wire: at most 60 KB. */
async function weighs(page) {
  const fresh = await page.context().browser().newContext({ javaScriptEnabled: false });
  const visit = await fresh.newPage();
  const sizes = [];
  visit.on('requestfinished', (request) => sizes.push(request.sizes().then((size) => size.responseBodySize + size.responseHeadersSize, () => 0)));
  await visit.goto(page.url(), { waitUntil: 'networkidle' });
  const total = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  must(total <= 60_000, `${page.url()} weighs ${total} bytes`);
  await fresh.close();
}
