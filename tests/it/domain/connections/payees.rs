//! Who is behind a payee: the person who keyed it, and everybody who brought that person in. None
//! of them verifies it or approves its payments.

use microgrants::domain::{PersonId, Role};
use uuid::Uuid;

use crate::support::fixtures::{Office, person};
use crate::support::replay::replay_log;
use crate::support::steps::{
    add_member, approve_payment, assert_refused, change_contact, confirm_contact, merge_group,
    prepare_payment, provide_payee, register, remove_member, verify_payee,
};
use crate::support::test_app::TestApp;

on_each_engine!(a_keyer_whom_an_officer_brought_in_counts_as_that_officer);
/// An officer registers a person, or adds them to a group: a payee keyed by that person counts as
/// keyed by the officer too.
async fn a_keyer_whom_an_officer_brought_in_counts_as_that_officer(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let (ada, ben) = (office.ada, office.ben);
    let made_up = PersonId(Uuid::from_u128(71));
    app.issue_ok(ada, register(made_up, "Made Up", "made.up@example.org"))
        .await;
    let (grant, group, _) = office.payable(&app, 600).await;
    add_member(&app, ben, group, made_up).await;

    // When
    app.issue_ok(made_up, provide_payee(group)).await;

    // Then
    for officer in [ada, ben] {
        assert_refused(&app, officer, "keyed_payee", verify_payee(group, 2)).await;
    }
    // A third person may verify it, and still neither officer may approve the payment.
    let third = person(&app, "Third").await;
    office.give_role(&app, third, Role::Finance).await;
    app.issue_ok(third, verify_payee(group, 2)).await;
    app.issue_ok(third, prepare_payment(grant, 600)).await;
    for officer in [ada, ben] {
        assert_refused(&app, officer, "keyed_payee", approve_payment(grant, 1)).await;
    }
    replay_log(&app).await;
}

on_each_engine!(nobody_vouches_for_a_keyer_who_registered_themselves);
/// The person registered themselves and their group, so that no officer is behind their payee.
async fn nobody_vouches_for_a_keyer_who_registered_themselves(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (group, member) = office.group(&app).await;

    app.issue_ok(member, provide_payee(group)).await;

    app.issue_ok(office.ada, verify_payee(group, 1)).await;
    replay_log(&app).await;
}

on_each_engine!(a_chain_of_made_up_members_leads_back_to_who_began_it);
/// Membership invitations form a chain. A member in its middle leaves, or invites its first member
/// again: the chain still leads back to the officer.
async fn a_chain_of_made_up_members_leads_back_to_who_began_it(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let ada = office.ada;
    let (group, _) = office.group(&app).await;
    let (first, second) = (person(&app, "First").await, person(&app, "Second").await);
    add_member(&app, ada, group, first).await;
    add_member(&app, first, group, second).await;

    app.issue_ok(second, remove_member(group, first)).await;
    add_member(&app, second, group, first).await;

    for (keyer, payee) in [(first, 1), (second, 2)] {
        app.issue_ok(keyer, provide_payee(group)).await;
        assert_refused(&app, ada, "keyed_payee", verify_payee(group, payee)).await;
    }
    app.issue_ok(office.ben, verify_payee(group, 2)).await;
}

on_each_engine!(who_merges_groups_is_behind_the_payee);
/// Ada merges an honest group into one that she made up, and a member of that one keys the payee.
async fn who_merges_groups_is_behind_the_payee(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (honest, _) = office.group(&app).await;
    let (heir, made_up) = office.group(&app).await;

    app.issue_ok(office.ada, merge_group(honest, heir)).await;
    app.issue_ok(made_up, provide_payee(honest)).await;

    assert_refused(&app, office.ada, "keyed_payee", verify_payee(honest, 1)).await;
    app.issue_ok(office.ben, verify_payee(honest, 1)).await;
}

on_each_engine!(who_changes_an_address_is_behind_the_payee);
/// Ada proposes a member's new address and Ben confirms it: Ada must not verify what that member
/// keys.
async fn who_changes_an_address_is_behind_the_payee(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (ada, ben) = (office.ada, office.ben);
    let (group, member) = office.group(&app).await;

    app.issue_ok(ada, change_contact(member, "Cass", "other@example.org"))
        .await;
    app.issue_ok(ben, confirm_contact(member, 1)).await;
    app.issue_ok(member, provide_payee(group)).await;

    assert_refused(&app, ada, "keyed_payee", verify_payee(group, 1)).await;
    app.issue_ok(ben, verify_payee(group, 1)).await;
}
