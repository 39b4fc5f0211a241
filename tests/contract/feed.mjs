// Reads calendars of gatherings with ical.js, which Thunderbird uses, and takes every value of every event.
//
//     node tests/contract/feed.mjs FILE.ics...

import { readFileSync } from 'node:fs';
import ICAL from 'ical.js';

for (const file of process.argv.slice(2)) {
  const calendar = new ICAL.Component(ICAL.parse(readFileSync(file, 'utf8')));
  const events = calendar.getAllSubcomponents('vevent').map((event) => new ICAL.Event(event));
  for (const event of events) {
    const [start, end] = [event.startDate.toJSDate(), event.endDate.toJSDate()];
    if (!(start < end) || event.startDate.zone !== ICAL.Timezone.utcTimezone) throw new Error(`${event.uid}: ${start} to ${end}`);
    if (!event.uid || !event.summary || !Number.isInteger(event.sequence)) throw new Error(`${event.uid}: something is missing`);
    if (event.attendees.length || event.organizer) throw new Error(`${event.uid}: it names a person`);
  }
  console.log(`${file.split('/').pop()}: ical.js reads ${events.length} sessions`);
}
