//! Sybil attacks: one person with many mailboxes moves no money, takes no grant away and makes
//! nobody a member or a judge.

mod payee_wait;
mod search;

use microgrants::clock::new_id;
use microgrants::domain::{Command, Grant, GrantId, Organisation, PersonId, Role};
use serde_json::{Value, json};

use crate::domain::connections::command;
use crate::domain::matrix::samples::rules;
use crate::operations::mails::{deliver_all, mail_folder, mailer, mails_in_folder};
use crate::support::fixtures::{Office, gbp, person, sign_in};
use crate::support::replay::replay_log;
use crate::support::steps::{
    accept_agreement, add_member, assert_refused, change_contact, confirm_attendance, confirm_role,
    declare_no_interest, end_role, invite, join, merge_group, prepare_payment, propose_role,
    provide_payee, register, remove_member,
};
use crate::support::test_app::TestApp;

on_each_engine!(one_person_alone_moves_no_money);
/// An administrator with every role registers invented colleagues: none of them gets a role.
async fn one_person_alone_moves_no_money(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let ada = office.ada;

    for role in [
        Role::Officer,
        Role::Panel,
        Role::Finance,
        Role::Administrator,
        Role::Auditor,
    ] {
        let made_up = PersonId(new_id());
        let address = format!("ada+{}@example.org", made_up.0.simple());
        app.issue_ok(ada, register(made_up, "Made Up", &address))
            .await;
        app.issue_ok(ada, propose_role(&app, made_up, role)).await;
        let confirm = || confirm_role(&app, made_up, role);
        assert_refused(&app, ada, "same_person", confirm()).await;
        assert_refused(&app, made_up, "not_yours", confirm()).await;
    }

    let id = app.commands.organisation().0;
    let organisation = app.log.refresh::<Organisation>(id).await.unwrap().state;
    assert_eq!(
        organisation.holders(Role::Officer).count(),
        2,
        "only the two who were named at the beginning"
    );
}

/// A person whom Ada proposed for the finance role.
async fn proposed_for_finance(app: &TestApp, office: &Office) -> PersonId {
    let nia = person(app, "Nia").await;
    app.issue_ok(office.ada, propose_role(app, nia, Role::Finance))
        .await;
    nia
}

on_each_engine!(a_proposal_ends_with_a_changed_contact);
/// Only the person can change their address once a role was proposed for them.
async fn a_proposal_ends_with_a_changed_contact(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let nia = proposed_for_finance(&app, &office).await;
    let elsewhere = || change_contact(nia, "Nia", "elsewhere@example.org");
    assert_refused(&app, office.ben, "not_yours", elsewhere()).await;

    app.issue_ok(nia, elsewhere()).await;

    let confirm = confirm_role(&app, nia, Role::Finance);
    assert_refused(&app, office.ben, "contact_changed_since", confirm).await;
}

on_each_engine!(a_role_is_confirmed_as_it_was_proposed_last);
async fn a_role_is_confirmed_as_it_was_proposed_last(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let nia = proposed_for_finance(&app, &office).await;
    app.issue_ok(nia, change_contact(nia, "Nia", "elsewhere@example.org"))
        .await;

    app.issue_ok(office.ada, propose_role(&app, nia, Role::Finance))
        .await;

    let organisation = app.commands.organisation().0;
    let first = json!({ "person": nia, "role": "finance", "proposal": 1 });
    let confirm = command("organisation/confirm-role", organisation, &first);
    assert_refused(&app, office.ben, "not_proposed", confirm).await;
}

on_each_engine!(a_withdrawn_proposal_is_not_confirmed);
async fn a_withdrawn_proposal_is_not_confirmed(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let nia = proposed_for_finance(&app, &office).await;

    app.issue_ok(office.ben, end_role(&app, nia, Role::Finance))
        .await;

    let confirm = confirm_role(&app, nia, Role::Finance);
    assert_refused(&app, office.ben, "not_proposed", confirm).await;
}

on_each_engine!(a_proposal_ends_with_the_role_of_its_proposer);
async fn a_proposal_ends_with_the_role_of_its_proposer(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let third = person(&app, "Third").await;
    office.give_role(&app, third, Role::Administrator).await;
    let nia = person(&app, "Nia").await;
    app.issue_ok(third, propose_role(&app, nia, Role::Finance))
        .await;

    app.issue_ok(office.ada, end_role(&app, third, Role::Administrator))
        .await;

    let confirm = confirm_role(&app, nia, Role::Finance);
    assert_refused(&app, office.ben, "proposer_gone", confirm).await;
}

on_each_engine!(nobody_is_a_member_or_a_judge_by_others);
/// A group cannot exclude a panel member by inviting them, and neither can one officer alone.
async fn nobody_is_a_member_or_a_judge_by_others(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let (ada, ben) = (office.ada, office.ben);
    let (application, group, member) = office.ready(&app, 900).await;
    assert_refused(&app, member, "not_yours", invite(group, ben)).await;
    assert_refused(&app, ben, "not_yours", invite(group, ben)).await;

    // When
    app.issue_ok(ada, invite(group, ben)).await;

    // Then
    app.issue_ok(ben, declare_no_interest(application)).await;
    assert_refused(&app, ada, "not_yours", join(group, ben)).await;
    let refuse = command(
        "group/refuse-invitation",
        group.0,
        &json!({ "person": ben }),
    );
    app.issue_ok(ben, refuse).await;
    assert_refused(&app, ben, "not_invited", join(group, ben)).await;
    replay_log(&app).await;
}

on_each_engine!(nobody_is_a_member_before_they_said_yes);
/// A person with an address accepts on their own.
async fn nobody_is_a_member_before_they_said_yes(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let ada = office.ada;
    let (group, member) = office.group(&app).await;
    let dee = person(&app, "Dee").await;

    // When
    app.issue_ok(member, invite(group, dee)).await;

    // Then
    let contact = json!({ "postcode": "OL1 1AA" });
    let set_contact = command("group/set-contact", group.0, &contact);
    assert_refused(&app, dee, "not_of_group", set_contact).await;
    assert_refused(&app, ada, "not_yours", join(group, dee)).await;
    // A person who has since been proposed for a role cannot accept a member's invitation.
    app.issue_ok(ada, propose_role(&app, dee, Role::Panel))
        .await;
    assert_refused(&app, dee, "not_yours", join(group, dee)).await;
    app.issue_ok(ada, end_role(&app, dee, Role::Panel)).await;
    app.issue_ok(dee, join(group, dee)).await;
    replay_log(&app).await;
}

on_each_engine!(an_officer_records_the_yes_of_who_has_no_address);
async fn an_officer_records_the_yes_of_who_has_no_address(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (group, member) = office.group(&app).await;
    let silent = PersonId(new_id());
    let register = command("person/register", silent.0, &json!({ "name": "Sam" }));
    app.issue_ok(office.ada, register).await;

    app.issue_ok(member, invite(group, silent)).await;

    app.issue_ok(office.ben, join(group, silent)).await;
    replay_log(&app).await;
}

/// An office whose fund decides with a quorum of two, and what else is set in its rules.
async fn office_with_quorum_of_two(app: &TestApp, set: impl FnOnce(&mut Value)) -> Office {
    let office = Office::open(app, 10_000).await;
    let mut strict = rules(28);
    strict["quorum"] = json!(2);
    set(&mut strict);
    office.change_rules(app, &strict).await;
    office
}

fn revoke(path: &str, grant: GrantId, present: &[PersonId]) -> Command {
    let body = json!({ "reason": "The hall has closed", "present": present });
    command(path, grant.0, &body)
}

fn confirm_revocation(grant: GrantId, proposal: u32) -> Command {
    let body = json!({ "proposal": proposal });
    command("grant/confirm-revocation", grant.0, &body)
}

on_each_engine!(an_offer_is_answered_once_attendance_is_confirmed);
/// The offer can be answered once Ben has confirmed his own attendance.
async fn an_offer_is_answered_once_attendance_is_confirmed(app: TestApp) {
    let office = office_with_quorum_of_two(&app, |_| ()).await;
    let (ada, ben) = (office.ada, office.ben);

    let (grant, _, member) = office.awarded_with_ben(&app, 900).await;

    let decline = command("grant/decline-offer", grant.0, &json!({}));
    assert_refused(&app, member, "attendance_unconfirmed", decline).await;
    let attended = || confirm_attendance(grant, ben, 1);
    assert_refused(&app, ada, "not_yours", attended()).await;
    app.issue_ok(ben, attended()).await;
    app.issue_ok(member, accept_agreement(grant)).await;
    replay_log(&app).await;
}

on_each_engine!(what_takes_a_grant_away_needs_the_quorum);
async fn what_takes_a_grant_away_needs_the_quorum(app: TestApp) {
    // Given
    let office = office_with_quorum_of_two(&app, |_| ()).await;
    let (ada, ben) = (office.ada, office.ben);
    let (grant, _, member) = office.awarded_with_ben(&app, 900).await;
    app.issue_ok(ben, confirm_attendance(grant, ben, 1)).await;

    // When Ada withdraws the offer
    let withdraw = |present: &[PersonId]| revoke("grant/withdraw-offer", grant, present);
    assert_refused(&app, ada, "quorum_missing", withdraw(&[])).await;
    app.issue_ok(ada, withdraw(&[ben])).await;

    // Then it waits for Ben, and the group can still accept it.
    assert_refused(&app, ada, "same_person", confirm_revocation(grant, 1)).await;
    app.issue_ok(member, accept_agreement(grant)).await;
    assert_refused(
        &app,
        ben,
        "grant_not_in_state",
        confirm_revocation(grant, 1),
    )
    .await;

    // When Ada terminates the grant
    let terminate = |present: &[PersonId]| revoke("grant/terminate", grant, present);
    assert_refused(&app, ada, "quorum_missing", terminate(&[])).await;
    app.issue_ok(ada, terminate(&[ben])).await;

    // Then it is terminated once Ben has confirmed this revocation.
    assert_refused(&app, ben, "not_proposed", confirm_revocation(grant, 1)).await;
    app.issue_ok(ben, confirm_revocation(grant, 2)).await;
    let state = app.log.refresh::<Grant>(grant.0).await.unwrap().state;
    assert_eq!(<&str>::from(state.state()), "terminated");
    replay_log(&app).await;
}

on_each_engine!(a_third_confirmation_demands_nothing_more);
/// Of three people who were named as present, two are needed. The money is demanded back once.
async fn a_third_confirmation_demands_nothing_more(app: TestApp) {
    // Given
    let office = office_with_quorum_of_two(&app, |_| ()).await;
    let (ada, ben, dee) = (office.ada, office.ben, person(&app, "Dee").await);
    office.give_role(&app, dee, Role::Panel).await;
    let (grant, group, member) = office.awarded_with_ben(&app, 900).await;
    app.issue_ok(ben, confirm_attendance(grant, ben, 1)).await;
    app.issue_ok(member, accept_agreement(grant)).await;
    office.make_payable(&app, grant, group, member).await;
    app.issue_ok(ada, prepare_payment(grant, 900)).await;
    office.paid(&app, grant).await;
    app.issue_ok(dee, declare_no_interest(grant)).await;

    // When
    let demand = json!({ "amount": "100.00", "reason": "A computer", "present": [ben, dee] });
    app.issue_ok(ada, command("grant/demand-clawback", grant.0, &demand))
        .await;
    app.issue_ok(ben, confirm_revocation(grant, 1)).await;

    // Then
    assert_refused(&app, dee, "not_proposed", confirm_revocation(grant, 1)).await;
    let state = app.log.refresh::<Grant>(grant.0).await.unwrap().state;
    assert_eq!(state.due_back(), gbp(100));
    replay_log(&app).await;
}

on_each_engine!(attendance_is_confirmed_within_the_days_of_the_rules);
/// With `confirm_days`, the offer is sent immediately, and nobody can accept it after those days
/// unless attendance was confirmed.
async fn attendance_is_confirmed_within_the_days_of_the_rules(app: TestApp) {
    let office = office_with_quorum_of_two(&app, |rules| rules["confirm_days"] = json!(7)).await;
    let ben = office.ben;
    let (grant, _, member) = office.awarded_with_ben(&app, 800).await;

    app.pass_days(8);

    let attended = confirm_attendance(grant, ben, 1);
    assert_refused(&app, ben, "confirmed_too_late", attended).await;
    let accept = accept_agreement(grant);
    assert_refused(&app, member, "attendance_unconfirmed", accept).await;
    replay_log(&app).await;
}

on_each_engine!(a_fund_opens_once_two_administrators_signed_in);
/// Two administrators prove that each has a mailbox before money can be given.
async fn a_fund_opens_once_two_administrators_signed_in(app: TestApp) {
    // Given
    let office = Office::open(&app, 1000).await;
    let (ada, ben) = (office.ada, office.ben);
    let third = person(&app, "Third").await;
    office.give_role(&app, third, Role::Administrator).await;
    app.issue_ok(ada, end_role(&app, ben, Role::Administrator))
        .await;
    let fund = new_id();
    let another = json!({
        "name": "Another", "purpose": "To meet", "areas": ["oldham"], "rules": rules(28),
    });
    app.issue_ok(ada, command("fund/create", fund, &another))
        .await;
    let open = || command("fund/open", fund, &json!({}));
    assert_refused(&app, ada, "administrators_not_signed_in", open()).await;

    // When
    sign_in(&app, third).await;

    // Then
    app.issue_ok(ada, open()).await;
}

on_each_engine!(those_concerned_are_told);
/// Administrators are notified of roles and of colleagues' addresses, members of changes to payee,
/// membership and address.
async fn those_concerned_are_told(app: TestApp) {
    // Given
    let office = Office::open(&app, 1000).await;
    let (group, member) = office.group(&app).await;
    app.catch_up().await;
    let post = mailer(&app);
    post.subscribe().await.unwrap();

    // When
    let nia = person(&app, "Nia").await;
    office.give_role(&app, nia, Role::Panel).await;
    app.issue_ok(nia, change_contact(nia, "Nia", "nia@example.org"))
        .await;
    let dee = person(&app, "Dee").await;
    add_member(&app, member, group, dee).await;
    app.issue_ok(dee, provide_payee(group)).await;
    app.issue_ok(dee, change_contact(dee, "Dee", "dee@example.org"))
        .await;
    // A member who is removed immediately afterwards is still notified of earlier changes.
    app.issue_ok(dee, remove_member(group, member)).await;
    let (other, _) = office.group(&app).await;
    app.issue_ok(office.ada, merge_group(other, group)).await;
    deliver_all(&app, &post).await;

    // Then
    let subjects = sent_subjects(&app);
    for (subject, mails) in [
        ("Someone was given a role", 2),
        ("A colleague's name or address changed", 2),
        ("You are asked to join a group", 1),
        ("Someone joined or left your group", 4),
        ("Your group was joined with another", 3),
        ("We have bank details for your group", 2),
        // Members of the merged group count as members by the time that the mails are written.
        ("The details of someone in your group changed", 2),
    ] {
        let sent = subjects.iter().filter(|one| *one == subject).count();
        assert_eq!(sent, mails, "{subject}: {subjects:?}");
    }
}

/// The subjects of all mails that were sent.
fn sent_subjects(app: &TestApp) -> Vec<String> {
    let mails = mails_in_folder(&mail_folder(app));
    mails
        .values()
        .filter_map(|mail| mail.lines().nth(1).map(str::to_owned))
        .collect()
}
