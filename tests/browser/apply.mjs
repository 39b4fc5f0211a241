// A group applies, from the first page to the reference number, with a wrong answer on every page first.

import { must } from './people.mjs';

const WORDS = {
  en: {
    start: 'Start now', go: 'Continue', save: 'Save and continue', yes: 'Yes', no: 'No', new: 'New: we are only beginning',
    activity: 'Food, growing or cooking', hand: 'Hand it in', later: 'Save and come back later',
  },
  pl: {
    start: 'Zacznij', go: 'Dalej', save: 'Zapisz i dalej', yes: 'Tak', no: 'Nie', new: 'Nowa: dopiero zaczynamy',
    activity: 'Jedzenie, ogród lub gotowanie', hand: 'Złóż wniosek', later: 'Zapisz i wróć później',
  },
};

export async function apply(page, look, { name, email, language = 'en', tag }) {
  const words = WORDS[language];
  const button = (label) => page.getByRole('button', { name: label, exact: true });
  const seen = async (step) => look.at(page, `${tag}-${step}`);
  await page.goto('/');
  if (language === 'pl') await page.getByRole('link', { name: 'Polski' }).click();
  await seen('home');
  await page.locator('.cards a').first().click();
  await seen('start');
  await page.getByRole('button', { name: words.start }).click();
  await button(words.go).click();
  must(await page.locator('.govuk-error-summary').count(), 'an empty answer is said to be wrong');
  await seen('fits-wrong');
  for (let number = 1; number <= 3; number += 1) {
    await page.getByLabel(words.yes, { exact: true }).check();
    await button(words.go).click();
  }
  await button(words.go).click();
  await seen('group-wrong');
  await page.locator('#group-name').fill(name);
  await page.getByLabel(words.new).check();
  await page.getByLabel('Oldham').check();
  await button(words.go).click();
  await button(words.save).click();
  await seen('you-wrong');
  await page.locator('#you-person').fill('Zofia Example');
  await page.locator('#you-email').fill(email);
  await button(words.save).click();
  // One question per page, up to the page that checks the answers.
  for (let step = 1; !page.url().endsWith('/check'); step += 1) {
    must(step < 20, 'the questions come to an end');
    const key = page.url().split('/').pop();
    if (key !== 'helper') {
      await page.locator('form[novalidate]').evaluate((form) => form.querySelectorAll('input[type=radio]').forEach((radio) => { radio.checked = false; }));
      await page.locator('input[name=answer][type=text], textarea[name=answer]').evaluateAll((fields) => fields.forEach((field) => { field.value = ''; }));
      await button(words.save).click();
      if (await page.locator('.govuk-error-summary').count()) await seen(`${key}-wrong`);
      else await page.goBack();
    }
    if (key === 'activity') await page.getByLabel(words.activity).check();
    else if (key === 'people-at-risk') await page.getByLabel(words.no, { exact: true }).check();
    else if (key === 'area') await page.getByLabel('Oldham').check();
    else if (key === 'amount') {
      await page.locator('#answer-answer').fill('9000');
      await button(words.save).click();
      must((await page.locator('#answer-answer').inputValue()) === '9000', 'what was typed stays');
      await seen('amount-outside');
      await page.locator('#answer-answer').fill('£850');
    } else await page.locator('#answer-answer').fill(`We would cook soup together on Mondays (${key}).`);
    await seen(key);
    await button(words.save).click();
  }
  await seen('check');
  await button(words.hand).click();
  must(page.url().endsWith('/done'), `it was handed in: ${page.url()}`);
  await seen('done');
  const reference = await page.locator('.govuk-panel__body strong').innerText();
  must(/^\d[\d ]+\d$/.test(reference), `the number can be spoken: ${reference}`);
  const id = page.url().split('/').at(-2);
  await page.goto(`/my/applications/${id}`);
  await seen('status');
  await page.goto(`/my/applications/${id}/receipt`);
  await seen('receipt');
  return { id, reference };
}
