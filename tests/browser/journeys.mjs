// Shorter journeys: returning, keyboard only, paper applications, and every page of every role.

import { act, must, opened, send, signIn } from './people.mjs';

/** Public pages. */
const OPEN = ['/', '/apply', '/help', '/privacy', '/accessibility', '/impact', '/impact?slide=100', '/gatherings', '/gatherings?area=oldham&kind=circle', '/directory', '/directory?area=oldham&way=offer&day=TU', '/heard', '/heard?area=oldham', '/heard/tell', '/champions', '/learning', '/sign-in', '/sign-in/code?to=%2F', '/demo', '/mails', '/no-such-page', '/sign-in/not-a-link'];
/** Pages of the desk, with the people who open them. */
const DESK = {
 Robin: ['/desk', '/desk/applications', '/desk/applications?state=submitted&area=oldham', '/desk/applications?q=soup&column=group&column=language&column=channel', '/desk/applications?q=nothing-like-this', '/desk/applications/new', '/desk/panel', '/desk/grants', '/desk/payments', '/desk/payments?state=confirmed', '/desk/updates', '/desk/updates?state=overdue', '/desk/groups', '/desk/groups?q=soup', '/desk/gatherings', '/desk/gatherings/new', '/desk/gatherings?state=open&kind=workshop&theme=food', '/desk/assets', '/desk/assets/new', '/desk/assets/hours', '/desk/assets?keeper=none', '/desk/barriers', '/desk/barriers/new', '/desk/introductions', '/desk/introductions/new', '/desk/learning', '/desk/learning/new', '/desk/aims', '/desk/find?q=act', '/desk/funds', '/desk/funds/new', '/desk/people', '/desk/people?all=yes', '/desk/erasures', '/desk/tell', '/desk/texts', '/desk/texts/signs', '/desk/texts/themes', '/desk/texts/notices', '/desk/texts/pledges', '/desk/texts/aims', '/desk/texts/form', '/desk/texts/agreement', '/desk/texts/report', '/desk/texts/mails', '/desk/texts/mail/declined', '/desk/texts/mail/submitted?language=pl', '/desk/figures', '/desk/figures?slide=120', '/desk/network', '/desk/network?slide=200', '/desk/value', '/desk/open-data', '/desk/import', '/desk/funders/health-partnership', '/desk/grants?as_at=2026-06-01', '/desk/webhooks', '/desk/settings', '/desk/find?q=soup', '/desk/find?q=07700', '/desk/find?q=zzzz', '/desk/setup', '/desk/log', '/desk/log?after=-1', '/desk/log/0', '/desk/log/2000', '/account'],
  Alex: ['/desk', '/desk/payments?state=prepared', '/desk/bank', '/desk/import'],
  Jo: ['/desk', '/desk/panel'],
  Dana: ['/desk', '/desk/gatherings', '/desk/assets', '/desk/introductions', '/desk/introductions/new', '/desk/barriers', '/desk/barriers/new'],
  Yusuf: ['/my', '/my/agreed', '/my/barriers/new', '/my/pledges'],
  Pat: ['/desk', '/desk/gatherings', '/desk/log', '/desk/log/1500', '/desk/figures'],
};

/** How many pages of one person are walked at a time. */
const PAGES_MAX = 25;

export async function journeys(walk, { base, off, look, made }) {
  await walk('coming back by the link in the mail', async () => {
    const page = await off.stranger();
    await page.goto('/sign-in');
    await send(page, 'sign-in', async (form) => form.locator('[name=email]').fill('zofia@example.org'));
    await mail(page, /Your link to sign in/, 'zofia@example.org');
    await look.at(page, 'mail-sign-in');
    await page.locator('main a[href*="/sign-in/"]').first().click();
    await look.at(page, 'link');
    await signIn(page);
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
    await send(page, 'sign-in', async (form) => form.locator('[name=email]').fill('nobody-has-this@example.org'));
    const unknown = (await page.locator('main').innerText()).replaceAll(/\S+@\S+/g, '');
    const before = await (await mailsTo(page, /Twój link|Your link/, 'zofia2@example.org')).count();
    await page.goto('/sign-in');
    await send(page, 'sign-in', async (form) => form.locator('[name=email]').fill('zofia2@example.org'));
    must((await page.locator('main').innerText()).replaceAll(/\S+@\S+/g, '') === unknown, 'nothing tells whether anybody has the address');
    const at = page.url();
    await mail(page, /Twój link|Your link/, 'zofia2@example.org', before);
    const code = /: ([0-9A-Z]{4} [0-9A-Z]{4})(?:\s|$)/.exec(await page.locator('main').innerText())?.[1];
    must(code, 'the mail has a code');
    await page.goto(at);
    await send(page, 'code', async (form) => form.locator('[name=code]').fill(code === '0000 0000' ? '1111 1111' : '0000 0000'));
    must(await page.locator('.wrong').count(), 'a wrong code is refused');
    await look.at(page, 'code-wrong');
    await send(page, 'code', async (form) => form.locator('[name=code]').fill(code));
    must(page.url().endsWith('/my'), `the code lets in: ${page.url()}`);
    await page.context().close();
  });
  await walk('stopping and going on', async () => {
    const page = await off.stranger();
    await begin(page, 'Walks on Fridays', '');
    await page.locator('main button[value=later]').click();
    await look.at(page, 'later');
    await page.locator('main a[href^="/my/applications/"]').first().click();
    await look.at(page, 'draft');
    await send(page, 'withdraw');
    must(await page.locator('.wrong').count(), 'nothing is withdrawn by a bare press');
    await look.at(page, 'withdraw-wrong');
    await send(page, 'withdraw', async (form) => form.locator('input[type=checkbox]').check());
    must(await page.getByText(/withdrew|took it back/).count(), 'it was withdrawn');
    await look.at(page, 'withdrawn');
    await page.context().close();
  });
  await walk('by the keyboard alone', async () => {
    const page = await off.stranger();
    await page.goto('/apply');
    await page.keyboard.press('Tab');
    must((await page.evaluate(() => document.activeElement?.textContent)) === 'Skip to main content', 'the first stop skips to the page');
    await page.keyboard.press('Enter');
    await press(page, (element) => element.matches('main a[href^="/apply/"]'), 'Enter');
    await press(page, (element) => element.matches('main a[href$="/fits"]'), 'Enter');
    await press(page, (element) => element.name === 'fits-1', 'Space');
    await press(page, (element) => element.name === 'fits-2', 'Space');
    await press(page, (element) => element.name === 'fits-3', 'Space');
    await press(page, (element) => element.name === 'fits-4', 'Space');
    await press(page, (element) => element.matches('main button'), 'Enter');
    await press(page, (element) => element.id === 'group-name', null);
    await page.keyboard.type('Keyboard choir');
    await press(page, (element) => element.matches('main button'), 'Enter');
    await press(page, (element) => element.name === 'standing', 'Space');
    await press(page, (element) => element.name === 'area', 'Space');
    await press(page, (element) => element.matches('main button'), 'Enter');
    await press(page, (element) => element.id === 'you-person', null);
    await page.keyboard.type('Kim Example');
    await press(page, (element) => element.name === 'telephone', null);
    await page.keyboard.type('07700 900 123');
    await press(page, (element) => element.matches('main button'), 'Enter');
    must(page.url().includes('/answer/activity'), `the draft began: ${page.url()}`);
    await page.context().close();
  });
  await walk('a paper form is keyed in', async () => {
    const page = await off.of('Sam');
    await page.goto('/desk/applications/new');
    await look.at(page, 'keyed-round');
    await page.getByLabel(/: Sharing/).check();
    await page.locator('#keyed-q').fill('Letters by post');
    await page.getByRole('button', { name: 'Find the group' }).click();
    await look.at(page, 'keyed-found');
    await page.getByLabel(/is a new group/).check();
    await page.getByRole('button', { name: 'Continue' }).click();
    await send(page, 'keyed');
    must(await page.locator('.wrong').count(), 'an empty form is not taken');
    await look.at(page, 'keyed-wrong');
    const form = await opened(page, 'keyed');
    await form.locator('[name=channel][value=paper]').check();
    await form.locator('[name=received_on]').fill(new Date().toISOString().slice(0, 10));
    await form.locator('[name=help]').first().check();
    await form.locator('[name=consent]').check();
    await form.locator('[name=group]').fill('Letters by post');
    await form.locator('[name=standing][value=new]').check();
    await form.getByLabel('oldham', { exact: false }).first().check();
    await form.locator('[name=person]').fill('Pen Example');
    await form.locator('[name=requested]').fill('700');
    await form.locator('[name=at_risk][value=no]').check();
    for (const area of await form.locator('textarea:not([name=postal_address])').all()) await area.fill('As it stands on the paper.');
    const items = form.locator('.budget input[name^=item-]');
    if (await items.count()) {
      await items.first().fill('Stamps');
      await form.locator('.budget input[name^=amount-]').first().fill('700');
    }
    await send(page, 'keyed');
    must(await page.locator('.wrong').count(), 'one way at least to reach the group is needed');
    must((await page.locator('#keyed-group').inputValue()) === 'Letters by post', 'what was typed stays');
    await page.locator('#keyed-telephone').fill('07700 900 456');
    await send(page, 'keyed');
    must(await page.locator('.notice.good').count(), `it was sent: ${await page.locator('.wrong').allInnerTexts()}`);
    await look.at(page, 'keyed-done');
    await page.locator('main a[href^="/desk/groups/"]').filter({ hasText: 'Letters by post' }).first().click();
    await send(page, 'keep-file');
    must(await page.locator('.wrong').count(), 'no file is not a file');
    await look.at(page, 'keep-file-wrong');
    await send(page, 'keep-file', async (form) => {
      await form.locator('[name=purpose]').selectOption('scan');
      await form.locator('input[type=file]').setInputFiles('target/browser/picture.png');
    });
    must(await page.getByText(/scan/i).count(), 'the scan is among the group\'s files');
    await look.at(page, 'keep-file');
  });
  await walk('a group on the telephone accepts, and staff write down its update', async () => {
    const page = await off.of('Sam');
    await page.goto('/desk/grants?state=offered');
    await page.locator('tbody th a').first().click();
    await look.at(page, 'desk-offered');
    await act(page, 'accept-telephone', async (form) => {
      await look.at(page, 'desk-accept-telephone');
      for (const [number, name] of ['Pen Example', 'Ink Example'].entries()) await form.locator('input[type=text]').nth(number).fill(name);
    });
    await look.at(page, 'accepted-by-telephone');
    await page.locator('main a[href^="/desk/updates/"]').first().click();
    await look.at(page, 'desk-update-due');
    await act(page, 'receive-update', async (form) => {
      await form.locator('[name=words]').fill('We wrote forty letters.');
      await form.locator('input[type=checkbox]').check();
    });
    must(await page.getByText('We wrote forty letters.').count(), 'the update is there');
  });
  await walk('a meeting of the panel is recorded', async () => {
    const page = await off.of('Jo');
    await page.goto('/desk/panel');
    await look.at(page, 'panel-rounds');
    await page.getByRole('link', { name: /Read the pack/ }).first().click();
    await look.at(page, 'panel-pack');
    await page.goto('/desk/panel');
    await page.locator('main li').filter({ hasText: 'Reaching out' }).getByRole('link', { name: /Read the pack/ }).click();
    await page.getByRole('link', { name: 'Record decisions' }).click();
    await look.at(page, 'panel-record');
    await page.getByRole('button', { name: 'Check and record' }).click();
    must(await page.locator('.wrong').count(), 'a meeting that decided nothing is not recorded');
    await look.at(page, 'panel-wrong');
    // Decisions without what they need: every problem is said at once, by the name of the group.
    const groups = await page.locator('.meets > li').all();
    must(groups.length > 2, 'three applications are before the panel');
    for (const [number, verdict] of ['award', 'reserve', 'no'].entries()) {
      await groups[number].locator(`input[type=radio][value=${verdict}]`).check({ force: true });
      for (const box of await groups[number].locator('textarea:visible').all()) await box.fill('');
    }
    await page.getByRole('button', { name: 'Check and record' }).click();
    must((await page.locator('.wrong li').count()) >= 2, `all problems are said at once: ${await page.locator('.wrong').allInnerTexts()}`);
    await look.at(page, 'panel-wrong-decisions');
    for (const box of await page.locator('input[name=present]').all()) await box.check();
    for (const group of await page.locator('.meets > li').all()) {
      for (const box of await group.locator('[name^=title]:visible, textarea:visible').all()) {
        const title = (await box.getAttribute('name')).startsWith('title');
        await box.fill(title ? 'A table for everyone' : 'Neighbours meet and eat together each week.');
      }
    }
    await page.getByRole('button', { name: 'Update total' }).click();
    must(await page.getByText('1 award', { exact: true }).count(), 'the running total counts the award');
    await page.getByRole('button', { name: 'Check and record' }).click();
    must(await page.getByRole('button', { name: 'Go back and change' }).count(), `the decisions are shown before they are recorded: ${await page.locator('.wrong').allInnerTexts()}`);
    await look.at(page, 'panel-check');
    await page.getByRole('button', { name: 'Go back and change' }).click();
    must(await page.locator('.meets input[value=award]:checked').count(), 'what was chosen stays');
    await page.getByRole('button', { name: 'Check and record' }).click();
    await page.getByRole('button', { name: /^Record and / }).click();
    must(await page.locator('.notice.good').count(), `the meeting is recorded: ${await page.locator('.wrong').allInnerTexts()}`);
    await look.at(page, 'panel-recorded');
    await page.goto(`${page.url().split('?')[0].replace(/\/(record|check|letters)$/, '')}/letters`);
    await look.at(page, 'panel-letters');
  });
  await walk('staff give a mail words of their own', async () => {
    const page = await off.of('Robin');
    await page.goto('/desk/texts/mail/declined');
    await fill_body(page, 'Dear {{ telephone }}');
    await publish(page);
    must(await page.getByText(/telephone \}\} cannot be used/).count(), 'a name that the mail does not know is refused');
    await look.at(page, 'mail-text-wrong');
    await fill_body(page, 'Dear {{ name }}\n\nNot this time: {{ note }}\n\n{{ link }}');
    await page.getByRole('button', { name: 'Preview this email' }).click();
    must(await page.getByText('Not this time: ').count(), 'the words are looked at before they are published');
    must(!(await page.locator('.wrong, .notice.good').count()), 'looking records nothing');
    await look.at(page, 'mail-text-looked-at');
    await publish(page);
    must(await page.getByText('Not this time: ').count(), 'the preview shows the new words');
  });
  await walk('the panel pack and the blank form on paper', async () => {
    const page = await off.of('Jo');
    await page.goto('/desk/panel');
    await page.getByRole('link', { name: /Read the pack/ }).first().click();
    await page.emulateMedia({ media: 'print' });
    must(!(await page.locator('nav.side').isVisible()), 'the menu stays off the paper');
    await page.screenshot({ path: 'target/browser/panel-pack-paper.png', fullPage: true });
    await page.emulateMedia({ media: 'screen' });
    const stranger = await off.stranger();
    await stranger.goto('/apply');
    await stranger.locator('main a[href^="/apply/"]').first().click();
    await stranger.locator('main a[href$="/form"]').first().click();
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
  await walk('a place at a gathering, booked without an account and given up', async () => {
    const page = await off.stranger();
    await page.goto('/gatherings');
    const titles = page.locator('main .event a.name');
    let booking = page.locator('main a[href$="/book"]').first();
    for (let at = 0; at < (await titles.count()); at += 1) {
      await titles.nth(at).click();
      if (await booking.count()) break;
      await page.goBack();
    }
    must(await booking.count(), 'a gathering of the demonstration can be booked');
    await look.at(page, 'gathering');
    await booking.click();
    await look.at(page, 'gathering-book');
    await send(page, 'you', async (form) => {
      await form.locator('[name=person]').fill('Nia');
      await form.locator('[name=telephone]').fill('07700 900112');
    });
    await look.at(page, 'gathering-needs');
    await send(page, 'needs', async (form) => form.locator('[name=needs]').fill('A ramp'));
    must(await page.getByText('Tick the box if we may keep this').count(), 'what somebody needs is kept only with consent');
    await look.at(page, 'gathering-needs-wrong');
    await send(page, 'needs', async (form) => form.locator('[name=consent]').check());
    await look.at(page, 'gathering-booked');
    await page.locator('main a[href$="/step-down"]').first().click();
    await look.at(page, 'gathering-step-down');
    await send(page, 'step-down', async () => {});
    must(await page.getByText('You told us that you can’t come').count(), 'the page says that the place was given up');
    await page.context().close();
  });
  for (const [who, paths] of Object.entries(DESK)) {
    // A walk has a limit of time, so a long list is walked in parts.
    for (let from = 0; from < paths.length; from += PAGES_MAX) {
      await walk(`pages of ${who}, from number ${from + 1}`, async () => {
        const page = await off.of(who);
        for (const at of paths.slice(from, from + PAGES_MAX)) {
          const answer = await page.goto(at);
          must(answer.status() === 200, `${who} opens ${at}: ${answer.status()}`);
          await look.at(page, `desk-${who}${at.replaceAll(/[^a-z0-9]+/gi, '-')}`);
        }
      });
    }
  }
  await walk('one record of each list of the desk', async () => {
    const page = await off.of('Robin');
    for (const room of ['grants', 'groups', 'funds', 'people', 'gatherings', 'assets', 'introductions', 'barriers', 'applications']) {
      await page.goto(`/desk/${room}`);
      const first = page.locator(`main a[href^="/desk/${room}/"]:not([href$="/new"])`).first();
      await first.click();
      await look.at(page, `desk-one-of-${room}`);
      if (room === 'gatherings') await sessions(page, look);
    }
    await page.goto('/desk/funds');
    await page.locator('main a[href^="/desk/funds/"]:not([href$="/new"])').first().click();
    await page.getByRole('link', { name: 'Statement for a funder' }).click();
    await look.at(page, 'desk-statement');
  });
  await walk('menus, drawers and filters open without script', async () => {
    const page = await off.of('Robin');
    await page.setViewportSize({ width: 375, height: 760 });
    await page.goto('/desk/applications?state=submitted');
    await page.locator('.burger').click();
    must(await page.locator('nav.side').isVisible(), 'the drawer opens');
    await look.at(page, 'drawer-open');
    for (const id of ['filt', 'cols', 'save', 'me']) {
      await page.goto('/desk/applications?state=submitted');
      await page.locator(`[popovertarget="${id}"]`).first().click();
      must(await page.locator(`#${id}`).isVisible(), `${id} opens`);
      await look.at(page, `menu-${id}-open`);
    }
    await page.goto('/desk/applications?state=submitted&select=all');
    await look.at(page, 'list-selected');
    await page.getByRole('button', { name: 'Mark as eligible' }).click();
    must(await page.locator('main form button.go').count(), 'what will be done is shown before it is');
    await look.at(page, 'bulk-check');
    await page.goto('/desk/applications?state=submitted');
    await page.locator('tbody th a').first().click();
    await page.locator('[popovertarget="more"]').click();
    must(await page.locator('#more').isVisible(), 'the menu of the record opens');
    await look.at(page, 'menu-more-open');
    await page.locator('#more a').first().click();
    await look.at(page, 'record-action-open');
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
    await member.locator('main a[href^="/my/grants/"]').first().click();
    await look.at(member, 'my-other-grant');
  });
  await walk('signing out', async () => {
    const page = await off.of('Yusuf');
    await page.goto('/my');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.goto('/my');
    must(page.url().includes('/sign-in'), 'the session has ended');
    delete off.known.Yusuf;
  });
}

/** The text of a mail, as an administrator enters it. */
async function fill_body(page, words) {
  await (await opened(page, 'publish-mail-text')).locator('[name=body]').fill(words);
}

/** Publishes the words that were entered. */
async function publish(page) {
  await send(page, 'publish-mail-text');
}

/** Starts a draft, and ends on its first question. */
export async function begin(page, name, email) {
  const go = () => page.locator('main form button.go').last().click();
  await page.goto('/apply');
  await page.locator('main a[href^="/apply/"]').first().click();
  await page.locator('main a[href$="/fits"]').click();
  for (const yes of await page.locator('main input[value=yes]').all()) await yes.check();
  await go();
  await page.locator('#group-name').fill(name);
  await go();
  await page.locator('[name=standing][value=existing]').check();
  await page.locator('[name=area][value=tameside]').check();
  await go();
  await page.locator('#you-person').fill('Sal Example');
  if (email) await page.locator('#you-email').fill(email);
  else await page.locator('#you-telephone').fill('07700 900 789');
  await go();
}

/** Mails with this subject to a person, newest first. */
async function mailsTo(page, subject, to) {
  await page.goto('/mails');
  return page.locator('main li, main tbody tr', { hasText: subject }).filter({ hasText: new RegExp(`(^|\\s)${to.replaceAll('.', '\\.')}`) });
}

/** Waits for another mail with this subject, and opens it. */
export async function mail(page, subject, to, before = 0) {
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
      if (key) await page.followed(page.locator(':focus'), () => page.keyboard.press(key));
      return;
    }
    await page.keyboard.press('Tab');
  }
  throw new Error(`the keyboard does not come to ${source}`);
}

/** The pages about the sessions of a gathering that its page leads to. */
async function sessions(page, look) {
  const at = page.url();
  for (const name of ['sign-up', 'attendance', 'sheet', 'lead']) {
    const link = page.locator(`main a[href$="/${name}"]`).first();
    if (!(await link.count())) continue;
    await page.goto(await link.getAttribute('href'));
    await look.at(page, `desk-gathering-${name}`);
    await page.goto(at);
  }
}
