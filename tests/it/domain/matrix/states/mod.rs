//! Scenarios in every state of every noun, and of the parts of a grant: payments, updates, checks,
//! variations, returns.

mod applications;
mod assets;
mod barriers;
mod funds;
mod gatherings;
mod grants;
mod groups;
mod introductions;
mod learning;
mod payments;
mod people;

use microgrants::domain::{Actor, Command, PersonId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::samples::{STRANGER, sample};
use crate::support::scenario::{FUND, Scenario, register_person};
pub use applications::with_an_interest;
use applications::{
    application, attendance, draft, eligibility, held_offer, helper, letter, letters,
};
use assets::asset;
use barriers::{barrier, pledge};
pub use funds::with_a_bank_file;
use funds::{fund, round};
use gatherings::gathering;
pub use grants::{accepted, offered, payable, with_one_signature};
use grants::{check, grant, offer, raised_award, revocation, story, update, variation};
use groups::{correction, file, group, member};
pub use introductions::published_entry;
use introductions::{consent, introduction};
pub use learning::with_lessons;
pub use payments::{STEPS_TO_CONFIRMED, paid};
use payments::{due, early_payment, entry, payment, schedule};
pub use people::with_somebody_unknown;
use people::{contact, organisation, person, telling};

const GROUP: Uuid = Uuid::from_u128(200);
/// The id of the application, and of the grant that it becomes.
pub const APPLICATION: Uuid = Uuid::from_u128(300);
const OTHER_FUND: Uuid = Uuid::from_u128(22);

/// A kind of record with states, and the commands that concern it.
pub struct StateTable {
    /// Also the name of its file under `tests/matrix`.
    pub name: &'static str,
    pub noun: &'static str,
    /// Empty means all commands of the noun.
    pub commands: &'static [&'static str],
    pub states: &'static [&'static str],
    pub reach: fn(&str) -> (Scenario, Uuid),
}

const LETTER: &[&str] = &[
    "take-back-decision",
    "release-letter",
    "move-letter",
    "award",
    "decide-at-meeting",
    "withdraw",
    "save-answers",
    "request-review",
];
const HELD_OFFER: &[&str] = &[
    "release-letter",
    "move-letter",
    "take-back-award",
    "send-offer",
    "accept-agreement",
    "decline-offer",
    "lapse-offer",
    "withdraw-offer",
    "request-check",
    "pass-check",
];
const ROUND: &[&str] = &[
    "plan-round",
    "open-round",
    "extend-round",
    "close-round",
    "start-deciding",
    "complete-round",
    "record-meeting",
];
const PAYMENT: &[&str] = &[
    "prepare-payment",
    "approve-payment",
    "propose-early-payment",
    "confirm-early-payment",
    "reject-payment",
    "cancel-payment",
    "send-payment",
    "send-in-batch",
    "confirm-payment",
    "fail-payment",
    "reverse-payment",
    "correct-payment",
];
const UPDATE: &[&str] = &[
    "remind-now",
    "remind-update",
    "save-update",
    "receive-update",
    "accept-update",
    "query-update",
    "excuse-update",
    "correct-update",
    "judge-outcome",
];
const CHECK: &[&str] = &[
    "request-check",
    "pass-check",
    "fail-check",
    "reuse-check",
    "propose-waiver",
    "confirm-waiver",
];
const VARIATION: &[&str] = &["request-variation", "approve-variation", "refuse-variation"];
const RETURN: &[&str] = &[
    "request-return",
    "receive-return",
    "propose-return-waiver",
    "confirm-return-waiver",
];

#[rustfmt::skip]
pub const TABLES: &[StateTable] = &[
    StateTable {
        name: "person", noun: "person", commands: &[],
        states: &["unknown", "registered", "introduced", "left", "erasure_asked", "erased"],
        reach: person,
    },
    StateTable {
        name: "organisation", noun: "organisation", commands: &[], states: &["blank", "founded"],
        reach: organisation,
    },
    StateTable {
        name: "fund", noun: "fund", commands: &[],
        states: &["blank", "draft", "open", "open_with_payments", "paused", "closed", "archived"],
        reach: fund,
    },
    StateTable {
        name: "round", noun: "fund", commands: ROUND,
        states: &["none", "planned", "open", "closed", "deciding", "completed"], reach: round,
    },
    StateTable {
        name: "group", noun: "group", commands: &[],
        states: &[
            "unknown", "registered", "payee_keyed", "payee_verified", "merged", "erasure_asked",
            "erased",
        ],
        reach: group,
    },
    StateTable {
        name: "application", noun: "application", commands: &[],
        states: &[
            "blank", "draft", "draft_overdue", "submitted", "changes_requested", "eligible",
            "ineligible", "in_assessment", "reserve_list", "deferred", "declined", "under_review",
            "awarded", "withdrawn", "lapsed",
        ],
        reach: application,
    },
    StateTable {
        name: "grant", noun: "grant", commands: &[],
        states: &[
            "blank", "offered", "offer_overdue", "offer_declined", "offer_lapsed",
            "offer_withdrawn", "accepted", "on_hold", "live", "reported", "terminated", "closed",
        ],
        reach: grant,
    },
    StateTable {
        name: "payment", noun: "grant", commands: PAYMENT,
        states: &[
            "none", "prepared", "approved", "sent", "confirmed", "rejected", "cancelled", "failed",
            "reversed",
        ],
        reach: payment,
    },
    StateTable {
        name: "update", noun: "grant", commands: UPDATE,
        states: &["none", "requested", "received", "queried", "accepted", "excused"], reach: update,
    },
    StateTable {
        name: "check", noun: "grant", commands: CHECK,
        states: &[
            "none", "outstanding", "on_file", "passed", "out_of_date", "failed", "waiver_proposed",
            "waived",
        ],
        reach: check,
    },
    StateTable {
        name: "variation", noun: "grant", commands: VARIATION,
        states: &["none", "requested", "approved", "refused"], reach: variation,
    },
    StateTable {
        name: "return", noun: "grant", commands: RETURN,
        states: &["nothing_due", "due", "waiver_proposed"], reach: due,
    },
    StateTable {
        name: "contact", noun: "person",
        commands: &["change-contact", "confirm-contact", "refuse-contact"],
        states: &["settled", "proposed"], reach: contact,
    },
    StateTable {
        name: "telling", noun: "person",
        commands: &["await-telling", "email-instead", "tell", "take-back-telling"],
        states: &["settled", "waiting", "waiting_without_email", "passed_on"], reach: telling,
    },
    StateTable {
        name: "correction", noun: "group",
        commands: &["correct", "take-correction", "refuse-correction"],
        states: &["settled", "proposed"], reach: correction,
    },
    StateTable {
        name: "eligibility", noun: "application",
        commands: &["take-back-eligibility", "request-review", "withdraw"],
        states: &[
            "submitted", "eligible", "eligible_for_a_day", "ineligible", "ineligible_for_a_day",
        ],
        reach: eligibility,
    },
    StateTable {
        name: "helper", noun: "application", commands: &["confirm-help", "refuse-help"],
        states: &["none", "named", "confirmed"], reach: helper,
    },
    StateTable {
        name: "attendance", noun: "application", commands: &["confirm-attendance"],
        states: &["none", "named", "confirmed"], reach: attendance,
    },
    StateTable {
        name: "draft", noun: "application",
        commands: &["remind-draft", "lapse", "reopen-draft", "save-answers", "submit"],
        states: &["begun", "closing", "reminded", "overdue", "lapsed", "extended", "reopened"],
        reach: draft,
    },
    StateTable {
        name: "entry", noun: "grant",
        commands: &["record-bank-entry", "propose-settlement", "confirm-settlement"],
        states: &["none", "unsettled", "settlement_proposed", "settled"], reach: entry,
    },
    StateTable {
        name: "schedule", noun: "grant", commands: &["schedule-payments", "confirm-schedule"],
        states: &["none", "proposed", "scheduled"], reach: schedule,
    },
    StateTable {
        name: "raised_award", noun: "grant", commands: &["confirm-attendance"],
        states: &["none", "named", "confirmed"], reach: raised_award,
    },
    StateTable {
        name: "member", noun: "group",
        commands: &["add-member", "join", "refuse-invitation", "remove-member"],
        states: &["none", "invited", "member"], reach: member,
    },
    StateTable {
        name: "file", noun: "group", commands: &["remove-file"],
        states: &["none", "handed_in", "sent"], reach: file,
    },
    StateTable {
        name: "revocation", noun: "grant",
        commands: &["withdraw-offer", "terminate", "demand-clawback", "confirm-revocation"],
        states: &["none", "proposed", "confirmed"], reach: revocation,
    },
    StateTable {
        name: "offer", noun: "grant",
        commands: &["accept-agreement", "decline-offer", "lapse-offer", "send-offer"],
        states: &["waits", "sent"], reach: offer,
    },
    StateTable {
        name: "early_payment", noun: "grant",
        commands: &["propose-early-payment", "confirm-early-payment", "send-payment"],
        states: &["none", "waits", "proposed", "confirmed"], reach: early_payment,
    },
    StateTable {
        name: "letter", noun: "application", commands: LETTER,
        states: &[
            "in_assessment", "awarded_held", "declined_held", "deferred_held", "reserve_list_held",
            "declined",
        ],
        reach: letter,
    },
    StateTable {
        name: "letters", noun: "fund",
        commands: &["release-letters", "move-letters", "record-meeting"], states: &["none", "held"],
        reach: letters,
    },
    StateTable {
        name: "held_offer", noun: "grant", commands: HELD_OFFER, states: &["none", "held"],
        reach: held_offer,
    },
    StateTable {
        name: "story", noun: "grant", commands: &["publish-story", "withdraw-story"],
        states: &["none", "published", "withdrawn"], reach: story,
    },
    StateTable {
        name: "gathering", noun: "gathering", commands: &[],
        states: &[
            "unknown", "draft", "open", "offered", "shared", "full", "waiting", "signed_up", "soon",
            "over", "held", "long_over", "counted", "ended", "hand_asked",
        ],
        reach: gathering,
    },
    StateTable {
        name: "asset", noun: "asset", commands: &[],
        states: &[
            "unknown", "recorded", "published", "tied", "exchanged", "due", "paused", "withdrawn",
            "forgotten",
        ],
        reach: asset,
    },
    StateTable {
        name: "introduction", noun: "introduction", commands: &[],
        states: &[
            "unknown", "asked", "agreed", "made", "waits", "welcomed", "declined", "came_to",
            "long_over", "taken_back", "closed",
        ],
        reach: introduction,
    },
    StateTable {
        name: "consent", noun: "person", commands: &["agree", "take-back"],
        states: &["none", "given"], reach: consent,
    },
    StateTable {
        name: "barrier", noun: "barrier", commands: &[],
        states: &[
            "unknown", "raised", "old", "summed_up", "passed_on", "late", "answered", "closed",
            "joined", "withdrawn",
        ],
        reach: barrier,
    },
    StateTable {
        name: "pledge", noun: "person",
        commands: &["pledge", "keep-pledge", "drop-pledge", "remind-of-pledges"],
        states: &[
            "none_published", "published", "taken", "due", "reminded", "kept", "dropped",
        ],
        reach: pledge,
    },
];

impl Scenario {
    /// Issues the sample of each command in turn.
    fn issue_samples(&mut self, noun: &str, id: Uuid, names: &[&str]) {
        for name in names {
            let (by, body) = sample(noun, name);
            self.issue_named(by.actor(self), noun, id, name, &body);
        }
    }

    fn issue_named(&mut self, actor: Actor, noun: &str, id: Uuid, name: &str, body: &Value) {
        self.issue_json(actor, noun, id, name, body)
            .unwrap_or_else(|refusal| panic!("{noun}/{name} {body}: {refusal}"));
    }
}

fn with_stranger(mut setting: Scenario) -> Scenario {
    setting
        .world
        .issue(
            Actor::Operator,
            Command::Person(PersonId(STRANGER), register_person()),
        )
        .expect("taken");
    setting
}

/// Changes the rules of the fund, as two people do.
fn change_rules(setting: &mut Scenario, rules: &Value) {
    for (staff, name) in [(0, "propose-rules"), (1, "confirm-rules")] {
        setting.issue_json_ok(staff, "fund", FUND.0, name, &json!({ "rules": rules }));
    }
}
