// Shorter journeys: returning, keyboard only, paper applications, and every page of every role.

import { act, must } from './people.mjs';

/** Public pages. */
const OPEN = ['/', '/apply', '/help', '/impact', '/impact?slide=100', '/sign-in', '/sign-in/code?to=%2F', '/demo', '/mails', '/no-such-page', '/sign-in/not-a-link'];
/** Pages of the desk, with the people who open them. */
const DESK = {
  Robin: ['/desk', '/desk/applications', '/desk/applications?state=submitted&area=oldham', '/desk/applications?q=soup&column=group&column=language&column=channel', '/desk/applications?q=nothing-like-this', '/desk/applications/new', '/desk/panel', '/desk/grants', '/desk/payments', '/desk/payments?state=confirmed', '/desk/updates', '/desk/updates?state=overdue', '/desk/groups', '/desk/groups?q=soup', '/desk/funds', '/desk/funds/new', '/desk/people', '/desk/people?all=yes', '/desk/erasures', '/desk/texts', '/desk/texts/form', '/desk/texts/agreement', '/desk/texts/report', '/desk/texts/mails', '/desk/texts/mail/declined', '/desk/texts/mail/submitted?language=pl', '/desk/figures', '/desk/figures?slide=120', '/desk/open-data', '/desk/import', '/desk/funders/health-partnership', '/desk/grants?as_at=2026-06-01', '/desk/webhooks', '/desk/log', '/desk/log?after=-1', '/desk/log/0', '/desk/log/2000', '/account'],
  Alex: ['/desk', '/desk/payments?state=prepared', '/desk/bank', '/desk/import'],
  Jo: ['/desk', '/desk/panel'],
  Pat: ['/desk', '/desk/log', '/desk/log/1500', '/desk/figures'],
};

export async function journeys(walk, { base, off, look, made }) {
  await walk('coming back by the link in the mail', async () => {
    const page = await off.stranger();
    await page.goto('/sign-in');
    await page.getByLabel('Your e-mail address').fill('zofia@example.org');
    await page.getByRole('button', { name: 'Send me a link' }).click();
    await mail(page, /Your link to sign in/, 'zofia@example.org');
    await look.at(page, 'mail-sign-in');
    await page.getByRole('link', { name: 'Follow the link in this mail' }).click();
    await look.at(page, 'link');
    await page.getByRole('button', { name: 'Sign in' }).click();
    must(await page.getByText('Soup on Mondays').count(), 'the grant is there');
    await look.at(page, 'my-overview');
    await page.goto('/account');
    await look.at(page, 'account');
    await page.goBack();
    await page.context().close();
  });
  await walk('a code instead of a link, and the same answer for an address that nobody has', async () => {
    const page = await off.stranger();
    await page.goto('/sign-in');
    await page.getByLabel('Your e-mail address').fill('nobody-has-this@example.org');
    await page.getByRole('button', { name: 'Send me a link' }).click();
    const unknown = (await page.locator('main').innerText()).replaceAll(/\S+@\S+/g, '');
    const before = await (await mailsTo(page, /Twój link|Your link/, 'zofia2@example.org')).count();
    await page.goto('/sign-in');
    await page.getByLabel('Your e-mail address').fill('zofia2@example.org');
    await page.getByRole('button', { name: 'Send me a link' }).click();
    must((await page.locator('main').innerText()).replaceAll(/\S+@\S+/g, '') === unknown, 'nothing tells whether anybody has the address');
    const at = page.url();
    await mail(page, /Twój link|Your link/, 'zofia2@example.org', before);
    const code = /(?:code on the page|ten kod): ([0-9A-Z]{4} [0-9A-Z]{4})/.exec(await page.locator('.agreement').innerText())?.[1];
    must(code, 'the mail has a code');
    await page.goto(at);
    await page.locator('#code-code').fill(code === '0000 0000' ? '1111 1111' : '0000 0000');
    await page.getByRole('button', { name: 'Continue' }).click();
    must(await page.locator('.govuk-error-summary').count(), 'a wrong code is refused');
    await look.at(page, 'code-wrong');
    await page.locator('#code-code').fill(code);
    await page.getByRole('button', { name: 'Continue' }).click();
    must(page.url().endsWith('/my'), `the code lets in: ${page.url()}`);
    await page.context().close();
  });
  await walk('stopping and going on', async () => {
    const page = await off.stranger();
    await begin(page, 'Walks on Fridays', '');
    await page.getByRole('button', { name: 'Save and come back later' }).click();
    await look.at(page, 'later');
    await page.getByRole('link', { name: 'Go on now' }).click();
    await look.at(page, 'draft');
    await page.locator('summary', { hasText: 'Take the application back' }).click();
    await page.getByRole('button', { name: 'Take it back' }).click();
    must(await page.locator('.govuk-error-summary').count(), 'nothing is taken back by a bare press');
    await look.at(page, 'withdraw-wrong');
    await page.getByLabel('I am sure. It cannot be undone.').check();
    await page.getByRole('button', { name: 'Take it back' }).click();
    must(await page.getByText('You took it back').count(), 'it was taken back');
    await look.at(page, 'withdrawn');
    await page.context().close();
  });
  await walk('by the keyboard alone', async () => {
    const page = await off.stranger();
    await page.goto('/apply');
    await page.keyboard.press('Tab');
    must((await page.evaluate(() => document.activeElement?.textContent)) === 'Skip to main content', 'the first stop skips to the page');
    await page.keyboard.press('Enter');
    await press(page, (element) => element.matches('.cards a'), 'Enter');
    await press(page, (element) => element.textContent.trim() === 'Start now', 'Enter');
    for (let number = 1; number <= 3; number += 1) {
      await press(page, (element) => element.matches('input[type=radio]'), 'Space');
      await press(page, (element) => element.matches('main button'), 'Enter');
    }
    await press(page, (element) => element.id === 'group-name', null);
    await page.keyboard.type('Keyboard choir');
    await press(page, (element) => element.name === 'standing', 'Space');
    await press(page, (element) => element.name === 'area', 'Space');
    await press(page, (element) => element.matches('main button'), 'Enter');
    await press(page, (element) => element.id === 'you-person', null);
    await page.keyboard.type('Kim Example');
    await press(page, (element) => element.matches('main button'), 'Enter');
    must(page.url().includes('/answer/activity'), `the draft began: ${page.url()}`);
    await page.context().close();
  });
  await walk('a paper form is keyed in', async () => {
    const page = await off.of('Sam');
    await page.goto('/desk/applications/new');
    await look.at(page, 'keyed-round');
    await page.locator('#keyed-round').selectOption({ label: 'Loneliness and social isolation fund (illustrative): Sharing' });
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('button', { name: 'Hand it in for the group' }).click();
    must(await page.locator('.govuk-error-summary').count(), 'an empty form is not taken');
    await look.at(page, 'keyed-wrong');
    await page.getByLabel('on paper').check();
    await page.locator('#keyed-received-on').fill(new Date().toISOString().slice(0, 10));
    await page.getByLabel(/read back to the group/).check();
    await page.getByLabel(/The group agrees/).check();
    await page.locator('#keyed-group').fill('Letters by post');
    await page.getByLabel('new', { exact: true }).check();
    await page.getByLabel('oldham', { exact: true }).check();
    await page.locator('#keyed-person').fill('Pen Example');
    await page.locator('#keyed-requested').fill('700');
    await page.locator('input[name=at_risk][value=no]').check();
    for (const area of await page.locator('textarea').all()) await area.fill('As it stands on the paper.');
    await page.getByRole('button', { name: 'Hand it in for the group' }).click();
    must(await page.locator('.govuk-notification-banner').count(), `it was handed in: ${await page.locator('.govuk-error-summary').allInnerTexts()}`);
    await look.at(page, 'keyed-done');
    await page.getByRole('link', { name: 'Letters by post' }).click();
    await page.getByRole('button', { name: 'Keep the file' }).click();
    must(await page.locator('.govuk-error-summary').count(), 'no file is not a file');
    await look.at(page, 'keep-file-wrong');
    await page.locator('#keep-file-purpose').selectOption('scan');
    await page.locator('#keep-file-file').setInputFiles('target/browser/picture.png');
    await page.getByRole('button', { name: 'Keep the file' }).click();
    must(await page.getByText(/scan of/).count(), 'the scan is among the group\'s files');
    await look.at(page, 'keep-file');
  });
  await walk('a group on the telephone accepts, and staff write down its update', async () => {
    const page = await off.of('Sam');
    await page.goto('/desk/grants?state=offered');
    await page.locator('tbody a').first().click();
    await act(page, 'Accept it for the group: the agreement was read out by telephone', async (form) => {
      await form.getByLabel('Name of signer 1').fill('Pen Example');
      await form.getByLabel('Name of signer 2').fill('Ink Example');
    });
    await look.at(page, 'accepted-by-telephone');
    await page.locator('main a[href^="/desk/updates/"]').first().click();
    await act(page, 'Write it down for the group', async (form) => {
      await form.getByLabel('What happened, in the group\'s words').fill('We wrote forty letters.');
      await form.getByLabel(/The group agrees/).check();
    });
    must(await page.getByText('We wrote forty letters.').count(), 'the update is there');
  });
  await walk('a meeting of the panel is recorded', async () => {
    const page = await off.of('Jo');
    await page.goto('/desk/panel');
    await page.locator('.cards a').nth(1).click();
    await look.at(page, 'panel-pack');
    if (await page.getByRole('button', { name: /Record the meeting/ }).count()) {
      await page.getByRole('button', { name: /Record the meeting/ }).click();
      must(await page.locator('.govuk-error-summary').count(), 'a meeting that decided nothing is not recorded');
      await look.at(page, 'panel-wrong');
    }
  });
  await walk('staff give a mail words of their own', async () => {
    const page = await off.of('Robin');
    await page.goto('/desk/texts/mail/declined');
    await page.locator('textarea').fill('Dear {{ telephone }}');
    await page.getByRole('button', { name: 'Publish these words' }).click();
    must(await page.getByText('does not know the name telephone').count(), 'a name that the mail does not know is refused');
    await look.at(page, 'mail-text-wrong');
    await page.locator('textarea').fill('Dear {{ name }}\n\nNot this time: {{ note }}\n\n{{ link }}');
    await page.getByRole('button', { name: 'See how it would arrive' }).click();
    must(await page.getByText('Not this time: What somebody').count(), 'the words are looked at before they are published');
    must(!(await page.locator('.govuk-error-summary, .govuk-notification-banner').count()), 'looking records nothing');
    await look.at(page, 'mail-text-looked-at');
    await page.getByRole('button', { name: 'Publish these words' }).click();
    must(await page.getByText('Not this time: What somebody').count(), 'the preview shows the new words');
  });
  await walk('the panel pack and the blank form on paper', async () => {
    const page = await off.of('Jo');
    await page.goto('/desk/panel');
    await page.locator('.cards a').nth(1).click();
    await page.emulateMedia({ media: 'print' });
    must(!(await page.locator('.rooms').isVisible()), 'the desk stays off the paper');
    await page.screenshot({ path: 'target/browser/panel-pack-paper.png', fullPage: true });
    await page.emulateMedia({ media: 'screen' });
    const stranger = await off.stranger();
    await stranger.goto('/apply');
    await stranger.locator('.cards a').first().click();
    await stranger.getByRole('link', { name: 'The form on paper' }).click();
    await look.at(stranger, 'blank-form');
    await stranger.emulateMedia({ media: 'print' });
    await stranger.screenshot({ path: 'target/browser/blank-form-paper.png', fullPage: true });
    await stranger.goto('/impact');
    await stranger.screenshot({ path: 'target/browser/impact-paper.png', fullPage: true });
    await stranger.context().close();
  });
  await walk('every open page', async () => {
    const page = await off.stranger();
    for (const at of OPEN) {
      await page.goto(at);
      await look.at(page, `open${at.replaceAll(/[^a-z0-9]+/gi, '-')}`);
    }
    await page.context().close();
  });
  await walk('every page of the desk', async () => {
    for (const [who, paths] of Object.entries(DESK)) {
      const page = await off.of(who);
      for (const at of paths) {
        const answer = await page.goto(at);
        must(answer.status() === 200, `${who} opens ${at}: ${answer.status()}`);
        await look.at(page, `desk-${who}${at.replaceAll(/[^a-z0-9]+/gi, '-')}`);
      }
    }
    const page = await off.of('Robin');
    for (const room of ['grants', 'groups', 'funds', 'people', 'applications']) {
      await page.goto(`/desk/${room}`);
      const first = page.locator(`main a[href^="/desk/${room}/"]:not([href$="/new"])`).first();
      await first.click();
      await look.at(page, `desk-one-of-${room}`);
    }
    await page.goto('/desk/funds');
    await page.locator('main a[href^="/desk/funds/"]:not([href$="/new"])').first().click();
    await page.getByRole('link', { name: 'Statement between two days' }).click();
    await look.at(page, 'desk-statement');
  });
  await walk('what is not theirs is not shown', async () => {
    const auditor = await off.of('Pat');
    for (const [page, at, status] of [[auditor, '/desk/texts/form', 403], [await off.of('Alex'), '/desk/log', 403], [await off.of('Jo'), '/desk/applications/new', 403]]) {
      const answer = await page.goto(at);
      must(answer.status() === status, `${at}: ${answer.status()}`);
    }
    const member = await off.of('Yusuf');
    for (const at of ['/desk', '/desk/applications', `/my/applications/${made.one.id}`, `/my/grants/${made.one.id}`]) {
      const answer = await member.goto(at);
      must(answer.status() === 404, `another group's ${at}: ${answer.status()}`);
    }
    await member.goto('/my');
    await look.at(member, 'my-other');
    await member.locator('.cards a').first().click();
    await look.at(member, 'my-other-grant');
  });
  await walk('signing out', async () => {
    const page = await off.of('Yusuf');
    await page.goto('/my');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.goto('/my');
    must(page.url().includes('/sign-in'), 'the session has ended');
  });
}

/** Starts a draft, and ends on its first question. */
async function begin(page, name, email) {
  await page.goto('/apply');
  await page.locator('.cards a').first().click();
  await page.getByRole('button', { name: 'Start now' }).click();
  for (let number = 1; number <= 3; number += 1) {
    await page.getByLabel('Yes', { exact: true }).check();
    await page.getByRole('button', { name: 'Continue' }).click();
  }
  await page.locator('#group-name').fill(name);
  await page.getByLabel('We have been meeting already').check();
  await page.getByLabel('Tameside').check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.locator('#you-person').fill('Sal Example');
  if (email) await page.locator('#you-email').fill(email);
  await page.getByRole('button', { name: 'Save and continue' }).click();
}

/** Mails with this subject to a person, newest first. */
async function mailsTo(page, subject, to) {
  await page.goto('/mails');
  return page.locator('main li', { hasText: subject }).filter({ hasText: new RegExp(`to ${to.replaceAll('.', '\\.')}`) });
}

/** Waits for another mail with this subject, and opens it. */
async function mail(page, subject, to, before = 0) {
  for (let tries = 0; tries < 40; tries += 1) {
    const lines = await mailsTo(page, subject, to);
    if ((await lines.count()) > before) {
      await lines.first().locator('a').click();
      return;
    }
    await new Promise((done) => setTimeout(done, 250));
  }
  throw new Error(`no mail came: ${subject}`);
}

/** Moves the focus to an element, and presses a key. */
async function press(page, wanted, key) {
  const source = wanted.toString();
  for (let tabs = 0; tabs < 60; tabs += 1) {
    if (await page.evaluate(`Boolean(document.activeElement && (${source})(document.activeElement))`)) {
      if (key) await page.keyboard.press(key);
      await page.settled();
      return;
    }
    await page.keyboard.press('Tab');
  }
  throw new Error(`the keyboard does not come to ${source}`);
}
