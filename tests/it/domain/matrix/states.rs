//! Scenarios in every state of every noun, and of the parts of a grant: payments, updates, checks,
//! variations, returns.

use jiff::civil::date;
use microgrants::domain::{Actor, Command, Organisation, PersonId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::samples::{FILE, NEW_APPLICATION, NEW_GROUP, STRANGER, UNREGISTERED, sample};
use crate::support::fixtures::gbp;
use crate::support::in_memory_domain::ORGANISATION;
use crate::support::scenario::{FUND, Scenario, register_person};

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
    "remind-update",
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
    StateTable { name: "person", noun: "person", commands: &[], states: &["unknown", "registered", "introduced", "left", "erasure_asked", "erased"], reach: person },
    StateTable { name: "organisation", noun: "organisation", commands: &[], states: &["blank", "founded"], reach: organisation },
    StateTable { name: "fund", noun: "fund", commands: &[], states: &["blank", "draft", "open", "open_with_payments", "paused", "closed", "archived"], reach: fund },
    StateTable { name: "round", noun: "fund", commands: ROUND, states: &["none", "planned", "open", "closed", "deciding", "completed"], reach: round },
    StateTable { name: "group", noun: "group", commands: &[], states: &["unknown", "registered", "payee_keyed", "payee_verified", "merged", "erasure_asked", "erased"], reach: group },
    StateTable { name: "application", noun: "application", commands: &[], states: &["blank", "draft", "draft_overdue", "submitted", "changes_requested", "eligible", "ineligible", "in_assessment", "reserve_list", "deferred", "declined", "under_review", "awarded", "withdrawn", "lapsed"], reach: application },
    StateTable { name: "grant", noun: "grant", commands: &[], states: &["blank", "offered", "offer_overdue", "offer_declined", "offer_lapsed", "offer_withdrawn", "accepted", "on_hold", "live", "reported", "terminated", "closed"], reach: grant },
    StateTable { name: "payment", noun: "grant", commands: PAYMENT, states: &["none", "prepared", "approved", "sent", "confirmed", "rejected", "cancelled", "failed", "reversed"], reach: payment },
    StateTable { name: "update", noun: "grant", commands: UPDATE, states: &["none", "requested", "received", "queried", "accepted", "excused"], reach: update },
    StateTable { name: "check", noun: "grant", commands: CHECK, states: &["none", "outstanding", "on_file", "passed", "out_of_date", "failed", "waiver_proposed", "waived"], reach: check },
    StateTable { name: "variation", noun: "grant", commands: VARIATION, states: &["none", "requested", "approved", "refused"], reach: variation },
    StateTable { name: "return", noun: "grant", commands: RETURN, states: &["nothing_due", "due", "waiver_proposed"], reach: due },
    StateTable { name: "contact", noun: "person", commands: &["change-contact", "confirm-contact", "refuse-contact"], states: &["settled", "proposed"], reach: contact },
    StateTable { name: "correction", noun: "group", commands: &["correct", "take-correction", "refuse-correction"], states: &["settled", "proposed"], reach: correction },
    StateTable { name: "helper", noun: "application", commands: &["confirm-help", "refuse-help"], states: &["none", "named", "confirmed"], reach: helper },
    StateTable { name: "attendance", noun: "application", commands: &["confirm-attendance"], states: &["none", "named", "confirmed"], reach: attendance },
    StateTable { name: "draft", noun: "application", commands: &["remind-draft", "lapse", "reopen-draft", "save-answers", "submit"], states: &["begun", "closing", "reminded", "overdue", "lapsed", "extended", "reopened"], reach: draft },
    StateTable { name: "entry", noun: "grant", commands: &["record-bank-entry", "propose-settlement", "confirm-settlement"], states: &["none", "unsettled", "settlement_proposed", "settled"], reach: entry },
    StateTable { name: "schedule", noun: "grant", commands: &["schedule-payments", "confirm-schedule"], states: &["none", "proposed", "scheduled"], reach: schedule },
    StateTable { name: "raised_award", noun: "grant", commands: &["confirm-attendance"], states: &["none", "named", "confirmed"], reach: raised_award },
    StateTable { name: "member", noun: "group", commands: &["add-member", "join", "refuse-invitation", "remove-member"], states: &["none", "invited", "member"], reach: member },
    StateTable { name: "revocation", noun: "grant", commands: &["withdraw-offer", "terminate", "demand-clawback", "confirm-revocation"], states: &["none", "proposed", "confirmed"], reach: revocation },
    StateTable { name: "offer", noun: "grant", commands: &["accept-agreement", "decline-offer", "lapse-offer", "send-offer"], states: &["waits", "sent"], reach: offer },
    StateTable { name: "early_payment", noun: "grant", commands: &["propose-early-payment", "confirm-early-payment", "send-payment"], states: &["none", "waits", "proposed", "confirmed"], reach: early_payment },
    StateTable { name: "story", noun: "grant", commands: &["publish-story", "withdraw-story"], states: &["none", "published", "withdrawn"], reach: story },
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

fn person(state: &str) -> (Scenario, Uuid) {
    let mut setting = with_stranger(Scenario::founded());
    if state == "unknown" {
        return (setting, UNREGISTERED);
    }
    // A person who typed a name into a public page; in the state `left` they did not return.
    if state == "introduced" || state == "left" {
        setting.issue_samples("person", UNREGISTERED, &["introduce"]);
        setting.world.today = if state == "left" {
            date(2026, 6, 16)
        } else {
            setting.world.today
        };
        return (setting, UNREGISTERED);
    }
    // A person without a role, so that an officer may change their contact details.
    setting.staff.truncate(3);
    setting.issue_samples("person", STRANGER, &["change-contact", "confirm-contact"]);
    match state {
        "erasure_asked" => setting.issue_samples("person", STRANGER, &["request-erasure"]),
        "erased" => setting.issue_samples("person", STRANGER, &["erase"]),
        _ => {}
    }
    (setting, STRANGER)
}

/// An unproven person who started an application, and then proved their address.
pub fn with_somebody_unknown() -> Scenario {
    let mut setting = Scenario::drafts(1);
    let unknown = Actor::Person(PersonId(UNREGISTERED));
    setting.issue_samples("person", UNREGISTERED, &["introduce"]);
    setting.issue_named(
        unknown,
        "group",
        NEW_GROUP,
        "register",
        &sample("group", "register").1,
    );
    setting.issue_named(
        unknown,
        "application",
        NEW_APPLICATION,
        "start",
        &json!({ "fund": FUND, "round": "first", "group": NEW_GROUP }),
    );
    setting.issue_samples("person", UNREGISTERED, &["prove-address"]);
    setting
}

fn organisation(state: &str) -> (Scenario, Uuid) {
    let mut setting = with_stranger(Scenario::founded());
    if state == "blank" {
        setting.world.organisation = Organisation::default();
    } else {
        setting.issue_json_ok(
            0,
            "organisation",
            ORGANISATION.0,
            "propose-role",
            &json!({ "person": STRANGER, "role": "finance" }),
        );
        setting.issue_samples("organisation", ORGANISATION.0, &["propose-mail-text"]);
        setting.issue_samples("organisation", ORGANISATION.0, &["propose-webhook"]);
    }
    (setting, ORGANISATION.0)
}

fn fund(state: &str) -> (Scenario, Uuid) {
    let mut setting = Scenario::drafts(1);
    match state {
        "blank" => return (setting, OTHER_FUND),
        "draft" => {
            setting.issue_samples("fund", OTHER_FUND, &["create", "allocate"]);
            return (setting, OTHER_FUND);
        }
        "open" => setting.issue_samples("fund", FUND.0, &["propose-rules"]),
        "open_with_payments" => return (payment("approved").0, FUND.0),
        "paused" => setting.issue_samples("fund", FUND.0, &["propose-rules", "pause"]),
        "closed" => setting.issue_samples("fund", FUND.0, &["close"]),
        _ => setting.issue_samples("fund", FUND.0, &["close", "archive"]),
    }
    (setting, FUND.0)
}

/// The round `first`.
fn round(state: &str) -> (Scenario, Uuid) {
    let mut setting = Scenario::ready(1);
    if matches!(state, "none" | "planned") {
        setting.issue_samples("fund", OTHER_FUND, &["create", "open"]);
        if state == "planned" {
            let plan = json!({ "round": "first", "name": "First", "opens_on": "2026-06-01", "closes_on": "2026-06-30", "form": 1 });
            setting.issue_json_ok(0, "fund", OTHER_FUND, "plan-round", &plan);
        }
        return (setting, OTHER_FUND);
    }
    // Late enough that the round can be closed.
    setting.world.today = date(2026, 7, 1);
    let steps: &[&str] = match state {
        "open" => &[],
        "closed" => &["close-round"],
        "deciding" => &["close-round", "start-deciding"],
        _ => &["close-round", "start-deciding", "complete-round"],
    };
    setting.issue_samples("fund", FUND.0, steps);
    (setting, FUND.0)
}

fn group(state: &str) -> (Scenario, Uuid) {
    let mut setting = with_stranger(Scenario::drafts(2));
    let steps: &[&str] = match state {
        "unknown" => return (setting, NEW_GROUP),
        "payee_keyed" => &["provide-payee"],
        "payee_verified" => &["provide-payee", "verify-payee"],
        "merged" => &["merge"],
        "erasure_asked" => &["request-erasure"],
        "erased" => &["erase"],
        _ => &[],
    };
    setting.issue_samples("group", GROUP, steps);
    (setting, GROUP)
}

fn application(state: &str) -> (Scenario, Uuid) {
    let mut setting = Scenario::drafts(1);
    let eligible = ["submit", "confirm-eligibility", "write-summary"];
    let declare = |setting: &mut Scenario| {
        for staff in [0, 1] {
            setting.issue_json_ok(staff, "application", APPLICATION, "declare", &json!({}));
        }
    };
    match state {
        "blank" => return (setting, NEW_APPLICATION),
        "draft" => {}
        "draft_overdue" => setting.world.today = date(2026, 7, 1),
        "lapsed" => {
            setting.world.today = date(2026, 7, 1);
            setting.issue_samples("application", APPLICATION, &["lapse"]);
        }
        "withdrawn" => setting.issue_samples("application", APPLICATION, &["withdraw"]),
        "submitted" => setting.issue_samples("application", APPLICATION, &["submit"]),
        "changes_requested" => {
            setting.issue_samples("application", APPLICATION, &["submit", "request-changes"]);
        }
        "ineligible" => setting.issue_samples(
            "application",
            APPLICATION,
            &["submit", "refuse-eligibility"],
        ),
        "eligible" => {
            setting.issue_samples("application", APPLICATION, &eligible);
            declare(&mut setting);
        }
        _ => {
            setting.issue_samples("application", APPLICATION, &eligible);
            declare(&mut setting);
            setting.issue_json_ok(
                0,
                "application",
                APPLICATION,
                "score",
                &json!({ "criteria": { "need": 4 }, "note": "Good" }),
            );
            let steps: &[&str] = match state {
                "in_assessment" => &[],
                "reserve_list" => &["reserve"],
                "deferred" => &["defer"],
                "declined" => &["decline"],
                "under_review" => &["decline", "request-review"],
                _ => &["award"],
            };
            setting.issue_samples("application", APPLICATION, steps);
        }
    }
    (setting, APPLICATION)
}

pub fn offered() -> Scenario {
    offer_of(1000)
}

fn offer_of(pounds: u32) -> Scenario {
    let mut setting = Scenario::ready(1);
    let award = setting.award(0, gbp(pounds));
    setting.issue_ok(0, award);
    setting
}

pub fn accepted() -> Scenario {
    accept(offered())
}

fn accept(mut setting: Scenario) -> Scenario {
    setting.issue_samples("grant", APPLICATION, &["accept-agreement"]);
    let (file, member) = (
        json!({ "file": FILE, "media": "application/pdf", "bytes": 9, "purpose": "receipt" }),
        setting.members[0],
    );
    setting.issue_named(Actor::Person(member), "group", GROUP, "keep-file", &file);
    setting
}

/// A grant whose payments can be prepared.
pub fn payable() -> Scenario {
    pay_ready(accepted())
}

fn pay_ready(mut setting: Scenario) -> Scenario {
    setting.issue_samples("grant", APPLICATION, &["pass-check"]);
    setting.issue_samples("group", GROUP, &["provide-payee", "verify-payee"]);
    setting
}

/// A payment of £500, advanced by these commands.
pub fn paid(steps: &[&str]) -> Scenario {
    let mut setting = payable();
    setting.issue_json_ok(
        0,
        "grant",
        APPLICATION,
        "prepare-payment",
        &json!({ "amount": "500.00" }),
    );
    setting.issue_samples("grant", APPLICATION, steps);
    setting
}

pub const STEPS_TO_CONFIRMED: [&str; 3] = ["approve-payment", "send-payment", "confirm-payment"];

fn grant(state: &str) -> (Scenario, Uuid) {
    let setting = match state {
        "blank" => Scenario::ready(1),
        "offered" => offered(),
        "offer_declined" | "offer_withdrawn" | "offer_lapsed" => {
            let mut setting = offered();
            if state == "offer_lapsed" {
                setting.world.today = date(2026, 8, 1);
            }
            let step = match state {
                "offer_declined" => "decline-offer",
                "offer_withdrawn" => "withdraw-offer",
                _ => "lapse-offer",
            };
            setting.issue_samples("grant", APPLICATION, &[step]);
            setting
        }
        "offer_overdue" => {
            let mut setting = offered();
            setting.world.today = date(2026, 8, 1);
            setting
        }
        // As much is unpaid here as in the state where half of a thousand was paid.
        "accepted" => pay_ready(accept(offer_of(500))),
        "on_hold" => {
            let mut setting = pay_ready(accept(offer_of(500)));
            setting.issue_samples("grant", APPLICATION, &["hold"]);
            setting
        }
        _ => {
            let mut setting = paid(&STEPS_TO_CONFIRMED);
            setting.world.today = date(2026, 6, 3);
            let steps: &[&str] = match state {
                "live" => &[],
                "reported" => &["receive-update"],
                "terminated" => &["terminate"],
                _ => &["receive-update", "accept-update", "close"],
            };
            setting.issue_samples("grant", APPLICATION, steps);
            setting
        }
    };
    (setting, APPLICATION)
}

fn payment(state: &str) -> (Scenario, Uuid) {
    let mut setting = match state {
        "none" => payable(),
        "prepared" => paid(&[]),
        "approved" => paid(&STEPS_TO_CONFIRMED[..1]),
        "sent" => paid(&STEPS_TO_CONFIRMED[..2]),
        "rejected" => paid(&["reject-payment"]),
        "cancelled" => paid(&["cancel-payment"]),
        "failed" => paid(&["approve-payment", "send-payment", "fail-payment"]),
        // Confirmed, and in another state reversed on a later day.
        _ => paid(&STEPS_TO_CONFIRMED),
    };
    setting.world.today = date(2026, 6, 3);
    if state == "reversed" {
        setting.issue_samples("grant", APPLICATION, &["reverse-payment"]);
    }
    (setting, APPLICATION)
}

fn update(state: &str) -> (Scenario, Uuid) {
    let mut setting = if state == "none" {
        offered()
    } else {
        accepted()
    };
    // The final update is due on 15 September, near enough for a reminder.
    setting.world.today = if state == "none" {
        date(2026, 6, 5)
    } else {
        date(2026, 9, 5)
    };
    let steps: &[&str] = match state {
        "received" => &["receive-update"],
        "queried" => &["receive-update", "query-update"],
        "accepted" => &["receive-update", "accept-update"],
        "excused" => &["excuse-update"],
        _ => &[],
    };
    setting.issue_samples("grant", APPLICATION, steps);
    (setting, APPLICATION)
}

fn check(state: &str) -> (Scenario, Uuid) {
    let mut setting = if state == "none" {
        Scenario::ready(1)
    } else {
        accepted()
    };
    match state {
        "passed" => setting.issue_samples("grant", APPLICATION, &["pass-check"]),
        "on_file" => setting.issue_samples("group", GROUP, &["file-check"]),
        "out_of_date" => {
            let pass = json!({ "check": "identity", "note": "Seen", "good_until": "2026-06-02" });
            setting.issue_json_ok(0, "grant", APPLICATION, "pass-check", &pass);
            setting.world.today = date(2026, 6, 3);
        }
        "failed" => setting.issue_samples("grant", APPLICATION, &["fail-check"]),
        "waiver_proposed" => setting.issue_samples("grant", APPLICATION, &["propose-waiver"]),
        "waived" => {
            setting.issue_samples("grant", APPLICATION, &["propose-waiver", "confirm-waiver"]);
        }
        _ => {}
    }
    (setting, APPLICATION)
}

fn variation(state: &str) -> (Scenario, Uuid) {
    let mut setting = accepted();
    let steps: &[&str] = match state {
        "none" => &[],
        "requested" => &["request-variation"],
        "approved" => &["request-variation", "approve-variation"],
        _ => &["request-variation", "refuse-variation"],
    };
    setting.issue_samples("grant", APPLICATION, steps);
    (setting, APPLICATION)
}

fn due(state: &str) -> (Scenario, Uuid) {
    let mut setting = paid(&STEPS_TO_CONFIRMED);
    if state != "nothing_due" {
        setting.issue_json_ok(
            0,
            "grant",
            APPLICATION,
            "declare-underspend",
            &json!({ "amount": "600.00" }),
        );
    }
    if state == "waiver_proposed" {
        setting.issue_samples("grant", APPLICATION, &["propose-return-waiver"]);
    }
    (setting, APPLICATION)
}

fn story(state: &str) -> (Scenario, Uuid) {
    let mut setting = accepted();
    let steps: &[&str] = match state {
        "none" => &[],
        "published" => &["publish-story"],
        _ => &["publish-story", "withdraw-story"],
    };
    setting.issue_samples("grant", APPLICATION, steps);
    (setting, APPLICATION)
}

/// A person whose contact details an officer proposed to change.
fn contact(state: &str) -> (Scenario, Uuid) {
    let mut setting = with_stranger(Scenario::founded());
    if state == "proposed" {
        setting.issue_samples("person", STRANGER, &["change-contact"]);
    }
    (setting, STRANGER)
}

/// A group whose member proposed another name.
fn correction(state: &str) -> (Scenario, Uuid) {
    let mut setting = Scenario::drafts(1);
    if state == "proposed" {
        setting.issue_samples("group", GROUP, &["correct"]);
    }
    (setting, GROUP)
}

/// An application with a helper named by the group.
fn helper(state: &str) -> (Scenario, Uuid) {
    let mut setting = Scenario::drafts(1);
    if state != "none" {
        let (member, help) = (
            setting.members[0],
            json!({ "by": Uuid::from_u128(10), "kind": "helped_to_word" }),
        );
        setting.issue_named(
            Actor::Person(member),
            "application",
            APPLICATION,
            "submit",
            &json!({ "channel": "web", "help": help }),
        );
    }
    if state == "confirmed" {
        setting.issue_samples("application", APPLICATION, &["confirm-help"]);
    }
    (setting, APPLICATION)
}

/// A decision that names a second person as present.
fn attendance(state: &str) -> (Scenario, Uuid) {
    let mut setting = Scenario::ready(1);
    if state != "none" {
        let decline =
            json!({ "reason": "Others", "feedback": "Say more", "present": [Uuid::from_u128(11)] });
        setting.issue_json_ok(0, "application", APPLICATION, "decline", &decline);
    }
    if state == "confirmed" {
        setting.issue_samples("application", APPLICATION, &["confirm-attendance"]);
    }
    (setting, APPLICATION)
}

/// A draft around the deadline, 30 June.
fn draft(state: &str) -> (Scenario, Uuid) {
    let mut setting = Scenario::drafts(1);
    setting.world.today = match state {
        "begun" => date(2026, 6, 20),
        "closing" | "reminded" => date(2026, 6, 28),
        _ => date(2026, 7, 1),
    };
    if state == "reminded" {
        setting.issue_samples("application", APPLICATION, &["remind-draft"]);
    }
    if ["lapsed", "extended", "reopened"].contains(&state) {
        setting.issue_samples("application", APPLICATION, &["lapse"]);
    }
    if ["extended", "reopened"].contains(&state) {
        setting.issue_samples("fund", FUND.0, &["extend-round"]);
    }
    if state == "reopened" {
        setting.issue_samples("application", APPLICATION, &["reopen-draft"]);
    }
    (setting, APPLICATION)
}

/// A grant with an unsettled bank entry.
fn entry(state: &str) -> (Scenario, Uuid) {
    let mut setting = paid(&STEPS_TO_CONFIRMED);
    let steps: &[&str] = match state {
        "none" => &[],
        "unsettled" => &["record-bank-entry"],
        "settlement_proposed" => &["record-bank-entry", "propose-settlement"],
        _ => &[
            "record-bank-entry",
            "propose-settlement",
            "confirm-settlement",
        ],
    };
    setting.issue_samples("grant", APPLICATION, steps);
    (setting, APPLICATION)
}

/// A grant with a condition of the panel for one instalment.
fn schedule(state: &str) -> (Scenario, Uuid) {
    let mut setting = Scenario::ready(1);
    let conditions = json!({ "hall": { "text": "The hall is booked", "one_instalment": true } });
    let award = json!({ "amount": "500.00", "reason": "Enough", "ends_on": "2026-09-01", "update_due_on": "2026-09-15", "conditions": conditions });
    setting.issue_json_ok(0, "application", APPLICATION, "award", &award);
    setting = accept(setting);
    if state != "none" {
        let tied =
            json!({ "amount": "500.00", "released": { "after_check": { "check": "hall" } } });
        setting.issue_json_ok(
            0,
            "grant",
            APPLICATION,
            "schedule-payments",
            &json!({ "instalments": [tied] }),
        );
    }
    if state == "scheduled" {
        setting.issue_samples("grant", APPLICATION, &["confirm-schedule"]);
    }
    (setting, APPLICATION)
}

/// An award raised at a meeting that names a second person as present.
fn raised_award(state: &str) -> (Scenario, Uuid) {
    let mut setting = accepted();
    if state != "none" {
        setting.issue_samples("grant", APPLICATION, &["request-variation"]);
        setting.issue_json_ok(
            0,
            "grant",
            APPLICATION,
            "approve-variation",
            &json!({ "variation": 1, "present": [Uuid::from_u128(11)] }),
        );
    }
    if state == "confirmed" {
        setting.issue_samples("grant", APPLICATION, &["confirm-attendance"]);
    }
    (setting, APPLICATION)
}

/// A person whom a member invites to the group.
fn member(state: &str) -> (Scenario, Uuid) {
    let mut setting = with_stranger(Scenario::drafts(1));
    let steps: &[&str] = match state {
        "none" => &[],
        "invited" => &["add-member"],
        _ => &["add-member", "join"],
    };
    setting.issue_samples("group", GROUP, steps);
    (setting, GROUP)
}

/// A grant awarded by two people, as the fund's rules require.
fn awarded_by_two() -> Scenario {
    let mut setting = Scenario::ready(1);
    let mut strict = super::samples::rules(28);
    strict["quorum"] = json!(2);
    setting.issue_json_ok(
        0,
        "fund",
        FUND.0,
        "propose-rules",
        &json!({ "rules": strict }),
    );
    setting.issue_json_ok(
        1,
        "fund",
        FUND.0,
        "confirm-rules",
        &json!({ "rules": strict }),
    );
    let award = json!({ "amount": "2500.00", "ends_on": "2026-09-01", "update_due_on": "2026-09-15", "present": [Uuid::from_u128(11)] });
    setting.issue_json_ok(0, "application", APPLICATION, "award", &award);
    setting
}

/// An offer that is sent once the people named as present have confirmed it.
fn offer(state: &str) -> (Scenario, Uuid) {
    let mut setting = awarded_by_two();
    if state == "sent" {
        setting.issue_samples("application", APPLICATION, &["confirm-attendance"]);
    }
    (setting, APPLICATION)
}

/// A grant awarded by two people, whose revocation is proposed.
fn revocation(state: &str) -> (Scenario, Uuid) {
    let (mut setting, id) = offer("sent");
    setting.issue_samples("grant", APPLICATION, &["accept-agreement"]);
    if state != "none" {
        let revoke = json!({ "reason": "They moved away", "present": [Uuid::from_u128(11)] });
        setting.issue_json_ok(0, "grant", APPLICATION, "terminate", &revoke);
    }
    if state == "confirmed" {
        setting.issue_samples("grant", APPLICATION, &["confirm-revocation"]);
    }
    (setting, id)
}

/// A payment that waits because a person joined the group.
fn early_payment(state: &str) -> (Scenario, Uuid) {
    let mut setting = with_stranger(payment("prepared").0);
    setting.world.today = date(2026, 6, 1);
    if state != "none" {
        let mut patient = super::samples::rules(28);
        patient["payee_wait_days"] = json!(3);
        setting.issue_json_ok(
            0,
            "fund",
            FUND.0,
            "propose-rules",
            &json!({ "rules": patient }),
        );
        setting.issue_json_ok(
            1,
            "fund",
            FUND.0,
            "confirm-rules",
            &json!({ "rules": patient }),
        );
        setting.issue_samples("group", GROUP, &["add-member", "join"]);
    }
    setting.issue_samples("grant", APPLICATION, &["approve-payment"]);
    match state {
        "proposed" => setting.issue_samples("grant", APPLICATION, &["propose-early-payment"]),
        "confirmed" => setting.issue_samples(
            "grant",
            APPLICATION,
            &["propose-early-payment", "confirm-early-payment"],
        ),
        _ => {}
    }
    (setting, APPLICATION)
}

/// A person who declares an interest after scoring.
pub fn with_an_interest() -> Scenario {
    let mut setting = Scenario::ready(1);
    setting.issue_json_ok(
        0,
        "application",
        APPLICATION,
        "score",
        &json!({ "criteria": { "need": 4 }, "note": "Good" }),
    );
    let interest =
        json!({ "interest": { "kind": "family", "note": "A cousin is on the committee" } });
    setting.issue_json_ok(0, "application", APPLICATION, "declare", &interest);
    setting
}

/// A sent batch, of which a bank file was made.
pub fn with_a_bank_file() -> Scenario {
    let mut setting = payment("approved").0;
    setting.issue_samples("fund", FUND.0, &["send-batch", "make-bank-file"]);
    setting
}
