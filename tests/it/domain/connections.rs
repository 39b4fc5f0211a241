//! Connections with a group exclude a person from its decisions and its money: members now and
//! since the application began, people who keyed data and those who vouched for them, helpers, and
//! people who saw the scores.

use microgrants::domain::{Command, PersonId, Refusal};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::fixtures::{Office, person};
use crate::support::scenario::command_from_json;
use crate::support::test_app::TestApp;

/// A command from its noun and name, and a body as the API takes it.
pub fn command(path: &str, id: impl Into<Uuid>, body: &Value) -> Command {
    let (noun, name) = path.split_once('/').expect("a noun and a name");
    command_from_json(noun, id.into(), name, body)
}

/// Commands on a test app, in the terms of the API.
pub struct ApiCommands<'a> {
    pub house: &'a TestApp,
}

impl ApiCommands<'_> {
    pub async fn issue_ok(
        &self,
        by: PersonId,
        path: &str,
        id: impl Into<Uuid>,
        body: Value,
    ) -> Option<u32> {
        self.house.issue_ok(by, command(path, id, &body)).await.made
    }

    pub async fn issue_refused(
        &self,
        by: PersonId,
        path: &str,
        id: impl Into<Uuid>,
        body: Value,
    ) -> Refusal {
        self.house.issue_refused(by, command(path, id, &body)).await
    }

    pub async fn assert_refused(
        &self,
        by: PersonId,
        code: &str,
        path: &str,
        id: impl Into<Uuid>,
        body: Value,
    ) {
        assert_eq!(
            self.issue_refused(by, path, id, body).await.code(),
            code,
            "{path}"
        );
    }

    /// Gives a role, as two administrators do.
    pub async fn give_role(&self, office: &Office, person: PersonId, role: &str) {
        office
            .give_role(self.house, person, role.parse().expect("a role"))
            .await;
    }

    /// Invites a person to a group; the person accepts.
    pub async fn add_member(
        &self,
        by: PersonId,
        group: microgrants::domain::GroupId,
        person: PersonId,
    ) {
        let of = || json!({ "person": person });
        self.issue_ok(by, "group/add-member", group.0, of()).await;
        self.issue_ok(person, "group/join", group.0, of()).await;
    }
}

pub fn account_details() -> Value {
    json!({ "route": "own_account", "account": { "holder": "Soup and song", "numbers": "12-34-56 12345678" } })
}

pub fn bank_statement_seen() -> Value {
    json!({ "payee": 1, "method": "A statement was seen" })
}

on_each_engine!(a_keyer_whom_an_officer_brought_in_counts_as_that_officer);
/// An officer registers a person, or adds them to a group: a payee keyed by that person counts as
/// keyed by the officer too.
async fn a_keyer_whom_an_officer_brought_in_counts_as_that_officer(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (ada, ben) = (office.ada, office.ben);
    let made_up = Uuid::from_u128(71);
    asking
        .issue_ok(
            ada,
            "person/register",
            made_up,
            json!({ "name": "Made Up", "email": "made.up@example.org" }),
        )
        .await;
    let (grant, group, _) = office.payable(&house, 600).await;
    asking.add_member(ben, group, PersonId(made_up)).await;
    asking
        .issue_ok(
            PersonId(made_up),
            "group/provide-payee",
            group.0,
            account_details(),
        )
        .await;
    let second = json!({ "payee": 2, "method": "A statement was seen" });
    for officer in [ada, ben] {
        asking
            .assert_refused(
                officer,
                "keyed_payee",
                "group/verify-payee",
                group.0,
                second.clone(),
            )
            .await;
    }
    // A third person may verify it, and still neither officer may approve the payment.
    let third = person(&house, "Third").await;
    asking.give_role(&office, third, "finance").await;
    asking
        .issue_ok(third, "group/verify-payee", group.0, second)
        .await;
    asking
        .issue_ok(
            third,
            "grant/prepare-payment",
            grant.0,
            json!({ "amount": "600.00" }),
        )
        .await;
    for officer in [ada, ben] {
        asking
            .assert_refused(
                officer,
                "keyed_payee",
                "grant/approve-payment",
                grant.0,
                json!({ "payment": 1 }),
            )
            .await;
    }
    // Nobody vouches for a person who registered themselves and their group.
    let (own, member) = office.group(&house).await;
    asking
        .issue_ok(member, "group/provide-payee", own.0, account_details())
        .await;
    asking
        .issue_ok(ada, "group/verify-payee", own.0, bank_statement_seen())
        .await;
    crate::support::replay::replay_log(&house).await;
}

on_each_engine!(nobody_changes_the_contact_of_another_alone);
async fn nobody_changes_the_contact_of_another_alone(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (ada, ben) = (office.ada, office.ben);
    let (_, member) = office.group(&house).await;
    let own_mailbox = json!({ "name": "Cass", "email": "adas.second.mailbox@example.org" });
    let made = asking
        .issue_ok(ada, "person/change-contact", member.0, own_mailbox.clone())
        .await;
    assert_eq!(made, Some(1), "it is proposed");
    let holder = async |address: &str| {
        house
            .log
            .vault()
            .subject_of(
                microgrants::domain::personal_data::BlindIndexKind::Email,
                address,
            )
            .await
            .unwrap()
    };
    assert_eq!(
        holder("adas.second.mailbox@example.org").await,
        None,
        "nobody is found by what is only proposed"
    );
    asking
        .assert_refused(
            ada,
            "same_person",
            "person/confirm-contact",
            member.0,
            json!({ "proposal": 1 }),
        )
        .await;
    asking
        .assert_refused(
            person(&house, "Stranger").await,
            "not_yours",
            "person/confirm-contact",
            member.0,
            json!({ "proposal": 1 }),
        )
        .await;
    asking
        .issue_ok(
            ben,
            "person/confirm-contact",
            member.0,
            json!({ "proposal": 1 }),
        )
        .await;
    assert_eq!(
        holder("adas.second.mailbox@example.org").await,
        Some(member.0)
    );
    // A person changes their own details immediately; an officer corrects a slip of the same day.
    asking
        .issue_ok(
            member,
            "person/change-contact",
            member.0,
            json!({ "name": "Cass", "email": "cass@example.org" }),
        )
        .await;
    assert_eq!(holder("cass@example.org").await, Some(member.0));
    let new = Uuid::from_u128(72);
    asking
        .issue_ok(
            ada,
            "person/register",
            new,
            json!({ "name": "Dee", "email": "de@example.org" }),
        )
        .await;
    let right = json!({ "name": "Dee", "email": "dee@example.org" });
    assert_eq!(
        asking
            .issue_ok(ada, "person/change-contact", new, right.clone())
            .await,
        None,
        "a slip is put right at once"
    );
    assert_eq!(
        asking
            .issue_ok(ben, "person/change-contact", new, json!({ "name": "Bee" }))
            .await,
        Some(1),
        "another's is not"
    );
    house.pass_days(1);
    assert_eq!(
        asking
            .issue_ok(ada, "person/change-contact", new, right)
            .await,
        Some(2),
        "nor on another day"
    );
    // Two people cannot share an address, even if it was proposed before the other person took it.
    let taken = json!({ "name": "Dee", "email": "cass@example.org" });
    asking
        .issue_ok(ada, "person/change-contact", new, taken)
        .await;
    asking
        .assert_refused(
            ben,
            "taken",
            "person/confirm-contact",
            new,
            json!({ "proposal": 3 }),
        )
        .await;
    asking
        .issue_ok(
            ben,
            "person/refuse-contact",
            new,
            json!({ "reason": "It is another's" }),
        )
        .await;
    asking
        .assert_refused(
            ben,
            "not_proposed",
            "person/confirm-contact",
            new,
            json!({ "proposal": 3 }),
        )
        .await;
    // Only the person changes their address if they hold a role or are proposed for one.
    asking
        .assert_refused(
            ada,
            "not_yours",
            "person/change-contact",
            ben.0,
            json!({ "name": "Ben" }),
        )
        .await;
    let proposed = json!({ "person": new, "role": "officer" });
    asking
        .issue_ok(
            ada,
            "organisation/propose-role",
            house.commands.organisation().0,
            proposed,
        )
        .await;
    asking
        .assert_refused(
            ben,
            "not_yours",
            "person/change-contact",
            new,
            json!({ "name": "Dee" }),
        )
        .await;
    crate::support::replay::replay_log(&house).await;
}

on_each_engine!(members_have_no_part_in_the_money_of_their_group);
async fn members_have_no_part_in_the_money_of_their_group(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (ada, ben) = (office.ada, office.ben);
    let (grant, group, member) = office.prepared(&house, 1000).await;
    // Ben becomes a member: he accepts, and the other officer had invited him.
    asking.add_member(ada, group, ben).await;
    asking
        .assert_refused(
            ben,
            "interested",
            "grant/approve-payment",
            grant.0,
            json!({ "payment": 1 }),
        )
        .await;
    asking
        .assert_refused(
            ben,
            "interested",
            "grant/prepare-payment",
            grant.0,
            json!({ "amount": "1.00" }),
        )
        .await;
    asking
        .issue_ok(
            ada,
            "grant/request-check",
            grant.0,
            json!({ "check": "hall", "note": "The booking" }),
        )
        .await;
    asking
        .assert_refused(
            ben,
            "interested",
            "grant/propose-waiver",
            grant.0,
            json!({ "check": "hall", "note": "No need" }),
        )
        .await;
    asking
        .issue_ok(
            ada,
            "grant/propose-waiver",
            grant.0,
            json!({ "check": "hall", "note": "No need" }),
        )
        .await;
    asking
        .assert_refused(
            ben,
            "interested",
            "grant/confirm-waiver",
            grant.0,
            json!({ "check": "hall" }),
        )
        .await;
    asking
        .issue_ok(member, "group/provide-payee", group.0, account_details())
        .await;
    asking
        .assert_refused(
            ben,
            "interested",
            "group/verify-payee",
            group.0,
            json!({ "payee": 2, "method": "I know it" }),
        )
        .await;
    // Leaving the group does not end the connection.
    asking
        .issue_ok(
            ada,
            "group/remove-member",
            group.0,
            json!({ "person": ben }),
        )
        .await;
    asking
        .assert_refused(
            ben,
            "interested",
            "group/verify-payee",
            group.0,
            json!({ "payee": 2, "method": "I know it" }),
        )
        .await;
    asking
        .assert_refused(
            ben,
            "interested",
            "grant/confirm-waiver",
            grant.0,
            json!({ "check": "hall" }),
        )
        .await;

    let (grant, group, _) = office.prepared(&house, 800).await;
    office.paid(&house, grant).await;
    asking
        .issue_ok(
            ada,
            "grant/declare-underspend",
            grant.0,
            json!({ "amount": "100.00" }),
        )
        .await;
    asking
        .issue_ok(
            ada,
            "grant/propose-return-waiver",
            grant.0,
            json!({ "amount": "50.00", "reason": "Spent on cups" }),
        )
        .await;
    asking.add_member(ada, group, ben).await;
    asking
        .assert_refused(
            ben,
            "interested",
            "grant/confirm-return-waiver",
            grant.0,
            json!({ "amount": "50.00" }),
        )
        .await;
    asking
        .assert_refused(
            ben,
            "interested",
            "grant/propose-return-waiver",
            grant.0,
            json!({ "amount": "50.00", "reason": "Cups" }),
        )
        .await;
    crate::support::replay::replay_log(&house).await;
}

on_each_engine!(leaving_a_group_or_merging_it_ends_no_conflict);
async fn leaving_a_group_or_merging_it_ends_no_conflict(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (ada, ben) = (office.ada, office.ben);
    // Ben is a member while the group applies, leaves, and would then decide.
    let (application, group, member) = office.draft(&house, 900).await;
    asking.add_member(ada, group, ben).await;
    asking
        .issue_ok(
            member,
            "application/submit",
            application.0,
            json!({ "channel": "web" }),
        )
        .await;
    asking
        .issue_ok(
            ada,
            "application/confirm-eligibility",
            application.0,
            json!({}),
        )
        .await;
    asking
        .issue_ok(
            ben,
            "group/remove-member",
            group.0,
            json!({ "person": ben }),
        )
        .await;
    asking
        .assert_refused(
            ben,
            "interested",
            "application/declare",
            application.0,
            json!({}),
        )
        .await;
    asking
        .assert_refused(
            ben,
            "interested",
            "application/score",
            application.0,
            json!({ "criteria": { "need": 5 }, "note": "Good" }),
        )
        .await;
    let present = json!({ "reason": "Not yet", "present": [ben] });
    asking
        .issue_ok(ada, "application/declare", application.0, json!({}))
        .await;
    asking
        .assert_refused(
            ada,
            "interested",
            "application/defer",
            application.0,
            present,
        )
        .await;
    // A membership that ended before the application began does not count.
    house.pass_days(1);
    let start = json!({ "fund": office.fund, "round": "first", "group": group });
    let later = Uuid::from_u128(73);
    asking
        .issue_ok(member, "application/start", later, start)
        .await;
    let answers = json!({ "requested": "700.00", "area": "oldham", "people_at_risk": false, "answers": { "idea": "Song" } });
    asking
        .issue_ok(member, "application/save-answers", later, answers)
        .await;
    asking
        .issue_ok(
            member,
            "application/submit",
            later,
            json!({ "channel": "web" }),
        )
        .await;
    asking
        .issue_ok(ben, "application/declare", later, json!({}))
        .await;
    // A member of a group that was merged into the applicant counts as a member of the applicant.
    let (heir_application, heir, _) = office.ready(&house, 800).await;
    let (old, _) = office.group(&house).await;
    asking.add_member(ada, old, ben).await;
    asking
        .issue_ok(
            ada,
            "group/merge",
            old.0,
            json!({ "into": heir, "reason": "The same people" }),
        )
        .await;
    asking
        .assert_refused(
            ben,
            "interested",
            "application/declare",
            heir_application.0,
            json!({}),
        )
        .await;
    let award = json!({ "amount": "800.00", "ends_on": house.in_days(90), "update_due_on": house.in_days(120), "present": [ben] });
    asking
        .assert_refused(
            ada,
            "interested",
            "application/award",
            heir_application.0,
            award,
        )
        .await;
    crate::support::replay::replay_log(&house).await;
}

on_each_engine!(who_could_see_scores_gives_none);
async fn who_could_see_scores_gives_none(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (ada, ben) = (office.ada, office.ben);
    let organisation = house.commands.organisation().0;
    let (application, ..) = office.ready(&house, 900).await;
    let score = || json!({ "criteria": { "need": 5 }, "note": "Good" });
    asking
        .issue_ok(ada, "application/score", application.0, score())
        .await;
    let sees = async |who: PersonId| {
        let held = house
            .log
            .refresh::<microgrants::domain::Organisation>(organisation)
            .await
            .unwrap()
            .state
            .roles_of(who);
        house
            .log
            .refresh::<microgrants::domain::Application>(application.0)
            .await
            .unwrap();
        let streams = house
            .commands
            .connected_streams(application.0)
            .await
            .unwrap()
            .unwrap();
        streams.connections().may_see_scores(who, &held)
    };
    // Ben ends his panel role, declares, sees the scores, and gets the role again.
    asking
        .issue_ok(
            ada,
            "organisation/end-role",
            organisation,
            json!({ "person": ben, "role": "panel" }),
        )
        .await;
    asking
        .issue_ok(ben, "application/declare", application.0, json!({}))
        .await;
    assert!(sees(ben).await, "who does not sit on the panel may look");
    asking.give_role(&office, ben, "panel").await;
    asking
        .assert_refused(
            ben,
            "saw_scores",
            "application/score",
            application.0,
            score(),
        )
        .await;
    // A person who declared as a panel member and then left the panel sees no scores until they
    // declare anew. After that they can give no score.
    let guest = person(&house, "Guest").await;
    asking.give_role(&office, guest, "panel").await;
    asking
        .issue_ok(guest, "application/declare", application.0, json!({}))
        .await;
    asking
        .issue_ok(
            ada,
            "organisation/end-role",
            organisation,
            json!({ "person": guest, "role": "panel" }),
        )
        .await;
    asking.give_role(&office, guest, "officer").await;
    assert!(
        !sees(guest).await,
        "nothing is seen without a declaration as somebody who gives no score"
    );
    asking
        .issue_ok(guest, "application/declare", application.0, json!({}))
        .await;
    assert!(sees(guest).await);
    asking.give_role(&office, guest, "panel").await;
    asking
        .assert_refused(
            guest,
            "saw_scores",
            "application/score",
            application.0,
            score(),
        )
        .await;
    // An auditor sees every score, and so gives none later.
    let auditor = person(&house, "Auditor").await;
    asking.give_role(&office, auditor, "auditor").await;
    assert!(sees(auditor).await);
    asking
        .issue_ok(
            ada,
            "organisation/end-role",
            organisation,
            json!({ "person": auditor, "role": "auditor" }),
        )
        .await;
    asking.give_role(&office, auditor, "panel").await;
    asking
        .issue_ok(auditor, "application/declare", application.0, json!({}))
        .await;
    asking
        .assert_refused(
            auditor,
            "saw_scores",
            "application/score",
            application.0,
            score(),
        )
        .await;
    // A score that was set aside cannot be given again after its owner saw the others.
    asking
        .issue_ok(
            ada,
            "application/set-aside-score",
            application.0,
            json!({ "of": ada, "reason": "Mistaken" }),
        )
        .await;
    asking
        .assert_refused(
            ada,
            "saw_scores",
            "application/score",
            application.0,
            score(),
        )
        .await;
    crate::support::replay::replay_log(&house).await;
}

on_each_engine!(staff_who_word_a_resubmission_are_interested);
async fn staff_who_word_a_resubmission_are_interested(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let ada = office.ada;
    let (application, ..) = office.submitted(&house, 900).await;
    let again = json!({ "questions": ["idea"], "note": "Say more", "due_on": house.in_days(10) });
    asking
        .issue_ok(ada, "application/request-changes", application.0, again)
        .await;
    asking
        .issue_ok(
            ada,
            "application/save-answers",
            application.0,
            json!({ "answers": { "idea": "Better words" } }),
        )
        .await;
    asking
        .assert_refused(
            ada,
            "help_unsaid",
            "application/resubmit",
            application.0,
            json!({}),
        )
        .await;
    let help = json!({ "help": { "by": ada, "kind": "helped_to_word" } });
    asking
        .issue_ok(ada, "application/resubmit", application.0, help)
        .await;
    asking
        .issue_ok(
            office.ben,
            "application/confirm-eligibility",
            application.0,
            json!({}),
        )
        .await;
    asking
        .assert_refused(
            ada,
            "interest_stands",
            "application/declare",
            application.0,
            json!({}),
        )
        .await;
    asking
        .assert_refused(
            ada,
            "interested",
            "application/score",
            application.0,
            json!({ "criteria": { "need": 5 }, "note": "Mine" }),
        )
        .await;
}

on_each_engine!(a_grant_is_ended_by_those_without_an_interest);
async fn a_grant_is_ended_by_those_without_an_interest(house: TestApp) {
    let office = Office::open(&house, 9000).await;
    let asking = ApiCommands { house: &house };
    let (ada, ben) = (office.ada, office.ben);
    let interest = json!({ "interest": { "kind": "family", "note": "A cousin" } });
    let (offer, ..) = office.awarded(&house, 700).await;
    let because = || json!({ "reason": "They are not to be reached" });
    asking
        .assert_refused(
            ben,
            "not_declared",
            "grant/withdraw-offer",
            offer.0,
            because(),
        )
        .await;
    asking
        .issue_ok(ben, "application/declare", offer.0, interest.clone())
        .await;
    asking
        .assert_refused(
            ben,
            "interested",
            "grant/withdraw-offer",
            offer.0,
            because(),
        )
        .await;
    asking
        .issue_ok(ada, "grant/withdraw-offer", offer.0, because())
        .await;
    let (grant, ..) = office.prepared(&house, 800).await;
    office.paid(&house, grant).await;
    asking
        .issue_ok(ben, "application/declare", grant.0, interest)
        .await;
    asking
        .assert_refused(ben, "interested", "grant/terminate", grant.0, because())
        .await;
    let demand = json!({ "amount": "10.00", "reason": "Spent on something else" });
    asking
        .assert_refused(
            ben,
            "interested",
            "grant/demand-clawback",
            grant.0,
            demand.clone(),
        )
        .await;
    asking
        .issue_ok(ada, "grant/demand-clawback", grant.0, demand)
        .await;
    asking
        .issue_ok(ada, "grant/terminate", grant.0, because())
        .await;
    crate::support::replay::replay_log(&house).await;
}

on_each_engine!(a_helper_is_shut_out_once_the_help_is_confirmed);
async fn a_helper_is_shut_out_once_the_help_is_confirmed(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (ada, ben) = (office.ada, office.ben);
    let (application, _, member) = office.draft(&house, 900).await;
    let submit = json!({ "channel": "web", "help": { "by": ben, "kind": "helped_to_word" } });
    asking
        .issue_ok(member, "application/submit", application.0, submit)
        .await;
    asking
        .issue_ok(
            ada,
            "application/confirm-eligibility",
            application.0,
            json!({}),
        )
        .await;
    // Ben did not help: a claim by the group excludes him from nothing.
    asking
        .issue_ok(ben, "application/declare", application.0, json!({}))
        .await;
    asking
        .issue_ok(
            ben,
            "application/score",
            application.0,
            json!({ "criteria": { "need": 3 }, "note": "Fair" }),
        )
        .await;
    asking
        .assert_refused(
            member,
            "not_yours",
            "application/confirm-help",
            application.0,
            json!({ "helper": ben }),
        )
        .await;
    asking
        .assert_refused(
            ada,
            "not_proposed",
            "application/confirm-help",
            application.0,
            json!({ "helper": ada }),
        )
        .await;
    // Ben did help: an officer confirms it, and he no longer takes the decision.
    asking
        .issue_ok(
            ada,
            "application/confirm-help",
            application.0,
            json!({ "helper": ben }),
        )
        .await;
    asking
        .assert_refused(
            ben,
            "interested",
            "application/defer",
            application.0,
            json!({ "reason": "Later" }),
        )
        .await;
    asking
        .assert_refused(
            ada,
            "not_proposed",
            "application/confirm-help",
            application.0,
            json!({ "helper": ben }),
        )
        .await;
}

on_each_engine!(a_group_makes_no_member_of_somebody_with_a_role);
async fn a_group_makes_no_member_of_somebody_with_a_role(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (group, member) = office.group(&house).await;
    asking
        .assert_refused(
            member,
            "not_yours",
            "group/add-member",
            group.0,
            json!({ "person": office.ben }),
        )
        .await;
    let proposed = person(&house, "Soon on the panel").await;
    let role = json!({ "person": proposed, "role": "panel" });
    asking
        .issue_ok(
            office.ada,
            "organisation/propose-role",
            house.commands.organisation().0,
            role,
        )
        .await;
    asking
        .assert_refused(
            member,
            "not_yours",
            "group/add-member",
            group.0,
            json!({ "person": proposed }),
        )
        .await;
    asking
        .add_member(member, group, person(&house, "Dee").await)
        .await;
    asking.add_member(office.ada, group, office.ben).await;
}

on_each_engine!(roles_are_for_the_living_and_proposals_for_those_who_may);
async fn roles_are_for_the_living_and_proposals_for_those_who_may(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (ada, ben) = (office.ada, office.ben);
    let organisation = house.commands.organisation().0;
    let erased = person(&house, "Gone").await;
    let finance = json!({ "person": erased, "role": "finance" });
    asking
        .issue_ok(
            ada,
            "organisation/propose-role",
            organisation,
            finance.clone(),
        )
        .await;
    asking
        .issue_ok(
            ada,
            "person/erase",
            erased.0,
            json!({ "reason": "Asked for" }),
        )
        .await;
    asking
        .assert_refused(
            ben,
            "erased",
            "organisation/confirm-role",
            organisation,
            finance.clone(),
        )
        .await;
    asking
        .assert_refused(
            ben,
            "erased",
            "organisation/propose-role",
            organisation,
            finance,
        )
        .await;
    // The proposer has lost the right to propose, so somebody else must propose it anew.
    let third = person(&house, "Third").await;
    asking.give_role(&office, third, "administrator").await;
    let new = person(&house, "New").await;
    let role = json!({ "person": new, "role": "finance" });
    asking
        .issue_ok(
            third,
            "organisation/propose-role",
            organisation,
            role.clone(),
        )
        .await;
    let rules = crate::domain::matrix::samples::rules(20);
    asking
        .issue_ok(
            third,
            "fund/propose-rules",
            office.fund.0,
            json!({ "rules": rules }),
        )
        .await;
    asking
        .issue_ok(
            ada,
            "organisation/end-role",
            organisation,
            json!({ "person": third, "role": "administrator" }),
        )
        .await;
    asking
        .assert_refused(
            ben,
            "proposer_gone",
            "organisation/confirm-role",
            organisation,
            role.clone(),
        )
        .await;
    asking
        .assert_refused(
            ben,
            "proposer_gone",
            "fund/confirm-rules",
            office.fund.0,
            json!({ "rules": rules }),
        )
        .await;
    asking
        .issue_ok(ada, "organisation/propose-role", organisation, role.clone())
        .await;
    asking
        .issue_ok(ben, "organisation/confirm-role", organisation, role)
        .await;
}

on_each_engine!(a_quorum_is_confirmed_before_money_is_prepared);
async fn a_quorum_is_confirmed_before_money_is_prepared(house: TestApp) {
    let office = Office::open(&house, 9000).await;
    let asking = ApiCommands { house: &house };
    let (ada, ben) = (office.ada, office.ben);
    let mut rules = crate::domain::matrix::samples::rules(28);
    rules["quorum"] = json!(2);
    asking
        .issue_ok(
            ada,
            "fund/propose-rules",
            office.fund.0,
            json!({ "rules": rules }),
        )
        .await;
    asking
        .issue_ok(
            ben,
            "fund/confirm-rules",
            office.fund.0,
            json!({ "rules": rules }),
        )
        .await;
    let (application, group, member) = office.ready(&house, 900).await;
    asking
        .issue_ok(ben, "application/declare", application.0, json!({}))
        .await;
    let award = json!({ "amount": "900.00", "ends_on": house.in_days(90), "update_due_on": house.in_days(120), "present": [ben] });
    asking
        .issue_ok(ada, "application/award", application.0, award)
        .await;
    let hash =
        microgrants::domain::organisation::sha256_hex(crate::support::fixtures::AGREEMENT_TEXT);
    let accept = json!({ "hash": hash, "method": "web", "names": ["Cass", "Dee"] });
    asking
        .assert_refused(
            member,
            "attendance_unconfirmed",
            "grant/accept-agreement",
            application.0,
            accept.clone(),
        )
        .await;
    asking
        .assert_refused(
            ada,
            "not_yours",
            "application/confirm-attendance",
            application.0,
            json!({ "person": ben, "decision": 1 }),
        )
        .await;
    let confirm =
        |person: PersonId, decision: u32| json!({ "person": person, "decision": decision });
    asking
        .assert_refused(
            ben,
            "not_proposed",
            "application/confirm-attendance",
            application.0,
            confirm(ada, 1),
        )
        .await;
    asking
        .assert_refused(
            ben,
            "not_proposed",
            "application/confirm-attendance",
            application.0,
            confirm(ben, 2),
        )
        .await;
    asking
        .issue_ok(
            ben,
            "application/confirm-attendance",
            application.0,
            confirm(ben, 1),
        )
        .await;
    asking
        .issue_ok(member, "grant/accept-agreement", application.0, accept)
        .await;
    asking
        .issue_ok(member, "group/provide-payee", group.0, account_details())
        .await;
    asking
        .issue_ok(ada, "group/verify-payee", group.0, bank_statement_seen())
        .await;
    asking
        .issue_ok(
            ada,
            "grant/pass-check",
            application.0,
            json!({ "check": "identity", "note": "Seen" }),
        )
        .await;
    asking
        .issue_ok(
            ada,
            "grant/prepare-payment",
            application.0,
            json!({ "amount": "900.00" }),
        )
        .await;
    crate::support::replay::replay_log(&house).await;
}

on_each_engine!(a_proposal_is_confirmed_as_it_was_seen);
/// A confirmation counts only for the proposal that was shown; a later proposal makes it invalid.
async fn a_proposal_is_confirmed_as_it_was_seen(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (ada, ben) = (office.ada, office.ben);
    let (group, member) = office.group(&house).await;
    let name = |name: &str| json!({ "name": name, "area": "oldham", "reason": "We voted" });
    asking
        .issue_ok(member, "group/correct", group.0, name("Soup and songs"))
        .await;
    asking
        .issue_ok(
            member,
            "group/correct",
            group.0,
            name("Jo Bloggs of 12 Mill Lane"),
        )
        .await;
    asking
        .assert_refused(
            ada,
            "not_proposed",
            "group/take-correction",
            group.0,
            json!({ "proposal": 1 }),
        )
        .await;
    asking
        .issue_ok(
            ada,
            "group/refuse-correction",
            group.0,
            json!({ "reason": "A person's name" }),
        )
        .await;
    asking
        .issue_ok(member, "group/correct", group.0, name("Soup and songs"))
        .await;
    asking
        .issue_ok(
            ada,
            "group/take-correction",
            group.0,
            json!({ "proposal": 3 }),
        )
        .await;
    asking
        .issue_ok(
            ada,
            "person/change-contact",
            member.0,
            json!({ "name": "Cass", "email": "a@example.org" }),
        )
        .await;
    asking
        .issue_ok(
            ada,
            "person/change-contact",
            member.0,
            json!({ "name": "Cass", "email": "b@example.org" }),
        )
        .await;
    asking
        .assert_refused(
            ben,
            "not_proposed",
            "person/confirm-contact",
            member.0,
            json!({ "proposal": 1 }),
        )
        .await;
    house.catch_up().await;
    let row: microgrants::projections::GroupRow = house
        .views()
        .find(&group.to_string(), None)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (row.name.as_str(), row.proposed.is_none()),
        ("Soup and songs", true)
    );
}

on_each_engine!(a_chain_of_made_up_members_leads_back_to_who_began_it);
/// Membership invitations form a chain. A member in its middle leaves, or invites its first member
/// again: the chain still leads back to the officer.
async fn a_chain_of_made_up_members_leads_back_to_who_began_it(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let ada = office.ada;
    let (group, _) = office.group(&house).await;
    let (first, second) = (
        person(&house, "First").await,
        person(&house, "Second").await,
    );
    asking.add_member(ada, group, first).await;
    asking.add_member(first, group, second).await;
    asking
        .issue_ok(
            second,
            "group/remove-member",
            group.0,
            json!({ "person": first }),
        )
        .await;
    asking.add_member(second, group, first).await;
    for keyer in [first, second] {
        asking
            .issue_ok(keyer, "group/provide-payee", group.0, account_details())
            .await;
        let payee = if keyer == first { 1 } else { 2 };
        asking
            .assert_refused(
                ada,
                "keyed_payee",
                "group/verify-payee",
                group.0,
                json!({ "payee": payee, "method": "Seen" }),
            )
            .await;
    }
    asking
        .issue_ok(
            office.ben,
            "group/verify-payee",
            group.0,
            json!({ "payee": 2, "method": "Seen" }),
        )
        .await;
}

on_each_engine!(who_merges_groups_or_changes_an_address_is_behind_the_payee);
async fn who_merges_groups_or_changes_an_address_is_behind_the_payee(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (ada, ben) = (office.ada, office.ben);
    // Ada merges an honest group into one that she made up, and a member of that one keys the
    // payee.
    let (honest, _) = office.group(&house).await;
    let (heir, made_up) = office.group(&house).await;
    asking
        .issue_ok(
            ada,
            "group/merge",
            honest.0,
            json!({ "into": heir, "reason": "The same people" }),
        )
        .await;
    asking
        .issue_ok(made_up, "group/provide-payee", honest.0, account_details())
        .await;
    asking
        .assert_refused(
            ada,
            "keyed_payee",
            "group/verify-payee",
            honest.0,
            bank_statement_seen(),
        )
        .await;
    asking
        .issue_ok(ben, "group/verify-payee", honest.0, bank_statement_seen())
        .await;
    // Ada proposed a member's new address and Ben confirmed it: Ada must not verify what that
    // member keys.
    let (group, member) = office.group(&house).await;
    asking
        .issue_ok(
            ada,
            "person/change-contact",
            member.0,
            json!({ "name": "Cass", "email": "other@example.org" }),
        )
        .await;
    asking
        .issue_ok(
            ben,
            "person/confirm-contact",
            member.0,
            json!({ "proposal": 1 }),
        )
        .await;
    asking
        .issue_ok(member, "group/provide-payee", group.0, account_details())
        .await;
    asking
        .assert_refused(
            ada,
            "keyed_payee",
            "group/verify-payee",
            group.0,
            bank_statement_seen(),
        )
        .await;
    asking
        .issue_ok(ben, "group/verify-payee", group.0, bank_statement_seen())
        .await;
    // An interest in any grant of the group counts for its payee, too.
    let (grant, group, member) = office.payable(&house, 700).await;
    asking
        .issue_ok(
            ben,
            "application/declare",
            grant.0,
            json!({ "interest": { "kind": "family", "note": "A cousin" } }),
        )
        .await;
    asking
        .issue_ok(member, "group/provide-payee", group.0, account_details())
        .await;
    asking
        .assert_refused(
            ben,
            "interested",
            "group/verify-payee",
            group.0,
            json!({ "payee": 2, "method": "Seen" }),
        )
        .await;
    // The interested officer may pass no check and excuse no update either.
    asking
        .issue_ok(
            ada,
            "grant/request-check",
            grant.0,
            json!({ "check": "hall", "note": "The booking" }),
        )
        .await;
    asking
        .assert_refused(
            ben,
            "interested",
            "grant/pass-check",
            grant.0,
            json!({ "check": "hall", "note": "Seen" }),
        )
        .await;
    let excuse = json!({ "update": 1, "reason": "Heard on the telephone" });
    asking
        .assert_refused(ben, "interested", "grant/excuse-update", grant.0, excuse)
        .await;
}

on_each_engine!(who_keyed_a_form_does_not_decide_it_with_somebody_who_was_not_there);
async fn who_keyed_a_form_does_not_decide_it_with_somebody_who_was_not_there(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (ada, ben) = (office.ada, office.ben);
    let (application, group, member) = office.draft(&house, 900).await;
    asking
        .issue_ok(
            ada,
            "application/save-answers",
            application.0,
            json!({ "answers": { "idea": "Soup" } }),
        )
        .await;
    // Staff can name only themselves as the helper.
    let help = |by: PersonId| json!({ "channel": "phone", "help": { "by": by, "kind": { "keyed_verbatim": { "read_back": true } } } });
    asking
        .assert_refused(
            ada,
            "help_unsaid",
            "application/submit",
            application.0,
            help(ben),
        )
        .await;
    asking
        .issue_ok(ada, "application/submit", application.0, help(ada))
        .await;
    asking
        .issue_ok(
            ada,
            "application/confirm-eligibility",
            application.0,
            json!({}),
        )
        .await;
    for officer in [ada, ben] {
        asking
            .issue_ok(officer, "application/declare", application.0, json!({}))
            .await;
    }
    asking
        .issue_ok(
            ben,
            "application/write-summary",
            application.0,
            json!({ "title": "Soup", "description": "Neighbours cook." }),
        )
        .await;
    let award = json!({ "amount": "900.00", "ends_on": house.in_days(90), "update_due_on": house.in_days(120), "present": [ben] });
    asking
        .issue_ok(ada, "application/award", application.0, award)
        .await;
    let hash =
        microgrants::domain::organisation::sha256_hex(crate::support::fixtures::AGREEMENT_TEXT);
    let accept = json!({ "hash": hash, "method": "web", "names": ["A", "B"] });
    asking
        .assert_refused(
            member,
            "keyer_alone",
            "grant/accept-agreement",
            application.0,
            accept.clone(),
        )
        .await;
    asking
        .issue_ok(
            ben,
            "application/confirm-attendance",
            application.0,
            json!({ "person": ben, "decision": 1 }),
        )
        .await;
    asking
        .issue_ok(member, "grant/accept-agreement", application.0, accept)
        .await;
    asking
        .issue_ok(member, "group/provide-payee", group.0, account_details())
        .await;
    asking
        .issue_ok(ada, "group/verify-payee", group.0, bank_statement_seen())
        .await;
    asking
        .issue_ok(
            ada,
            "grant/pass-check",
            application.0,
            json!({ "check": "identity", "note": "Seen" }),
        )
        .await;
    asking
        .issue_ok(
            ada,
            "grant/prepare-payment",
            application.0,
            json!({ "amount": "900.00" }),
        )
        .await;
    // A helper who scored before the help was confirmed has their score set aside; another helper
    // denies having helped.
    let (other, _, member) = office.draft(&house, 700).await;
    let named = json!({ "channel": "web", "help": { "by": ben, "kind": "helped_to_word" } });
    asking
        .issue_ok(member, "application/submit", other.0, named)
        .await;
    asking
        .issue_ok(ada, "application/confirm-eligibility", other.0, json!({}))
        .await;
    asking
        .issue_ok(ben, "application/declare", other.0, json!({}))
        .await;
    asking
        .issue_ok(
            ben,
            "application/score",
            other.0,
            json!({ "criteria": { "need": 3 }, "note": "Fair" }),
        )
        .await;
    asking
        .issue_ok(
            ben,
            "application/confirm-help",
            other.0,
            json!({ "helper": ben }),
        )
        .await;
    house.catch_up().await;
    let row: microgrants::projections::ApplicationRow = house
        .views()
        .find(&other.to_string(), None)
        .await
        .unwrap()
        .unwrap();
    assert!(
        row.scores.iter().all(|score| score.set_aside.is_some()),
        "{:?}",
        row.scores
    );
    let (third, _, member) = office.draft(&house, 700).await;
    let named = json!({ "channel": "web", "help": { "by": ben, "kind": "helped_to_word" } });
    asking
        .issue_ok(member, "application/submit", third.0, named)
        .await;
    asking
        .issue_ok(
            ben,
            "application/refuse-help",
            third.0,
            json!({ "helper": ben }),
        )
        .await;
    asking
        .assert_refused(
            ada,
            "not_proposed",
            "application/confirm-help",
            third.0,
            json!({ "helper": ben }),
        )
        .await;
    crate::support::replay::replay_log(&house).await;
}

on_each_engine!(an_office_of_two_settles_what_one_may_not_decide);
/// One of the two officers helped with the wording: she proposes, and the other confirms.
async fn an_office_of_two_settles_what_one_may_not_decide(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (ada, ben) = (office.ada, office.ben);
    let (application, group, member) = office.draft(&house, 900).await;
    let help = json!({ "channel": "phone", "help": { "by": ada, "kind": "helped_to_word" } });
    asking
        .issue_ok(ada, "application/submit", application.0, help)
        .await;
    asking
        .issue_ok(
            ada,
            "application/confirm-eligibility",
            application.0,
            json!({}),
        )
        .await;
    asking
        .issue_ok(
            ada,
            "application/write-summary",
            application.0,
            json!({ "title": "Soup", "description": "Neighbours cook." }),
        )
        .await;
    asking
        .issue_ok(ben, "application/declare", application.0, json!({}))
        .await;
    let award = json!({ "amount": "900.00", "ends_on": house.in_days(90), "update_due_on": house.in_days(120) });
    asking
        .issue_ok(ben, "application/award", application.0, award)
        .await;
    let hash =
        microgrants::domain::organisation::sha256_hex(crate::support::fixtures::AGREEMENT_TEXT);
    asking
        .issue_ok(
            member,
            "grant/accept-agreement",
            application.0,
            json!({ "hash": hash, "method": "web", "names": ["A", "B"] }),
        )
        .await;
    asking
        .issue_ok(member, "group/provide-payee", group.0, account_details())
        .await;
    asking
        .issue_ok(ben, "group/verify-payee", group.0, bank_statement_seen())
        .await;
    asking
        .issue_ok(
            ada,
            "grant/propose-waiver",
            application.0,
            json!({ "check": "identity", "note": "Known for years" }),
        )
        .await;
    asking
        .issue_ok(
            ben,
            "grant/confirm-waiver",
            application.0,
            json!({ "check": "identity" }),
        )
        .await;
    asking
        .issue_ok(
            ada,
            "grant/prepare-payment",
            application.0,
            json!({ "amount": "900.00" }),
        )
        .await;
    asking
        .issue_ok(
            ben,
            "grant/approve-payment",
            application.0,
            json!({ "payment": 1 }),
        )
        .await;
    let on = json!({ "payment": 1, "happened_on": house.today() });
    asking
        .issue_ok(ada, "grant/send-payment", application.0, on.clone())
        .await;
    asking
        .issue_ok(ada, "grant/confirm-payment", application.0, on)
        .await;
    asking
        .issue_ok(
            ada,
            "grant/declare-underspend",
            application.0,
            json!({ "amount": "50.00" }),
        )
        .await;
    asking
        .issue_ok(
            ada,
            "grant/propose-return-waiver",
            application.0,
            json!({ "amount": "50.00", "reason": "Spent on cups" }),
        )
        .await;
    asking
        .issue_ok(
            ben,
            "grant/confirm-return-waiver",
            application.0,
            json!({ "amount": "50.00" }),
        )
        .await;
    asking
        .issue_ok(
            ada,
            "grant/excuse-update",
            application.0,
            json!({ "update": 1, "reason": "Heard on the telephone" }),
        )
        .await;
    asking
        .issue_ok(ada, "grant/close", application.0, json!({}))
        .await;
    crate::support::replay::replay_log(&house).await;
}
