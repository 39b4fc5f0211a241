//! What people do in a random history, with how likely each action is.

use microgrants::domain::grant::ReturnReason;
use proptest::prelude::*;

use super::GROUPS;

#[derive(Clone, Debug)]
pub enum Action {
    Allocate(u32),
    Withdraw(u32),
    Award(usize, u32),
    /// An award of a meeting whose letters are held.
    HoldAward(usize, u32),
    TakeBack(usize),
    ReleaseLetters,
    Accept(usize),
    DeclineOffer(usize),
    PassCheck(usize),
    ProvidePayee(usize, usize),
    VerifyPayee(usize, usize),
    Prepare(usize, u32, usize),
    Approve(usize, u16, usize),
    Cancel(usize, u16),
    Send(usize, u16),
    Confirm(usize, u16),
    Fail(usize, u16),
    Excuse(usize),
    Underspend(usize, u32),
    Clawback(usize, u32),
    Return(usize, ReturnReason, u32),
    ProposeWaiver(usize, ReturnReason, u32, usize),
    ConfirmWaiver(usize, ReturnReason, usize),
    Reverse(usize, u16),
    Vary(usize, u32),
    ApproveVariation(usize, u16, usize),
    Hold(usize),
    Resume(usize),
    Terminate(usize),
    Close(usize),
}

pub fn actions() -> impl Strategy<Value = Action> {
    let grant = 0..GROUPS;
    let person = 0..3_usize;
    let payment = 1..4_u16;
    let pounds = prop_oneof![1..3_000_u32, Just(500), Just(2500), Just(250)];
    prop_oneof![
        1 => (1..4_000_u32).prop_map(Action::Allocate),
        1 => pounds.clone().prop_map(Action::Withdraw),
        6 => (grant.clone(), 400..2_700_u32)
            .prop_map(|(grant, pounds)| Action::Award(grant, pounds)),
        4 => (grant.clone(), 400..2_700_u32)
            .prop_map(|(grant, pounds)| Action::HoldAward(grant, pounds)),
        2 => grant.clone().prop_map(Action::TakeBack),
        2 => Just(Action::ReleaseLetters),
        4 => grant.clone().prop_map(Action::Accept),
        1 => grant.clone().prop_map(Action::DeclineOffer),
        3 => grant.clone().prop_map(Action::PassCheck),
        3 => (grant.clone(), person.clone())
            .prop_map(|(grant, person)| Action::ProvidePayee(grant, person)),
        5 => (grant.clone(), person.clone())
            .prop_map(|(grant, person)| Action::VerifyPayee(grant, person)),
        6 => (grant.clone(), pounds.clone(), person.clone())
            .prop_map(|(grant, pounds, person)| Action::Prepare(grant, pounds, person)),
        8 => (grant.clone(), payment.clone(), person)
            .prop_map(|(grant, payment, person)| Action::Approve(grant, payment, person)),
        1 => (grant.clone(), payment.clone())
            .prop_map(|(grant, payment)| Action::Cancel(grant, payment)),
        6 => (grant.clone(), payment.clone())
            .prop_map(|(grant, payment)| Action::Send(grant, payment)),
        3 => (grant.clone(), payment.clone())
            .prop_map(|(grant, payment)| Action::Confirm(grant, payment)),
        2 => (grant.clone(), payment).prop_map(|(grant, payment)| Action::Fail(grant, payment)),
        1 => grant.clone().prop_map(Action::Excuse),
        2 => (grant.clone(), pounds.clone())
            .prop_map(|(grant, pounds)| Action::Underspend(grant, pounds)),
        1 => (grant.clone(), pounds.clone())
            .prop_map(|(grant, pounds)| Action::Clawback(grant, pounds)),
        4 => (grant.clone(), owed(), pounds.clone())
            .prop_map(|(grant, owed, pounds)| Action::Return(grant, owed, pounds)),
        2 => (grant.clone(), owed(), pounds.clone(), 0..3_usize)
            .prop_map(|(grant, owed, pounds, person)| {
                Action::ProposeWaiver(grant, owed, pounds, person)
            }),
        3 => (grant.clone(), owed(), 0..3_usize)
            .prop_map(|(grant, owed, person)| Action::ConfirmWaiver(grant, owed, person)),
        1 => (grant.clone(), 1..4_u16).prop_map(|(grant, payment)| Action::Reverse(grant, payment)),
        2 => (grant.clone(), 1..3_000_u32).prop_map(|(grant, pounds)| Action::Vary(grant, pounds)),
        3 => (grant.clone(), 1..4_u16, 0..3_usize)
            .prop_map(|(grant, number, person)| Action::ApproveVariation(grant, number, person)),
        1 => grant.clone().prop_map(Action::Hold),
        2 => grant.clone().prop_map(Action::Resume),
        1 => grant.clone().prop_map(Action::Terminate),
        2 => grant.prop_map(Action::Close),
    ]
}

fn owed() -> impl Strategy<Value = ReturnReason> {
    prop_oneof![2 => Just(ReturnReason::Underspend), 1 => Just(ReturnReason::Clawback)]
}

/// The number of the grant that the action is about.
pub fn grant_of(step: &Action) -> usize {
    match *step {
        Action::Allocate(_) | Action::Withdraw(_) | Action::ReleaseLetters => 0,
        Action::Award(grant, _)
        | Action::HoldAward(grant, _)
        | Action::TakeBack(grant)
        | Action::Accept(grant)
        | Action::DeclineOffer(grant)
        | Action::PassCheck(grant)
        | Action::ProvidePayee(grant, _)
        | Action::VerifyPayee(grant, _)
        | Action::Prepare(grant, ..)
        | Action::Approve(grant, ..)
        | Action::Cancel(grant, _)
        | Action::Send(grant, _)
        | Action::Confirm(grant, _)
        | Action::Fail(grant, _)
        | Action::Excuse(grant)
        | Action::Underspend(grant, _)
        | Action::Clawback(grant, _)
        | Action::Return(grant, ..)
        | Action::ProposeWaiver(grant, ..)
        | Action::ConfirmWaiver(grant, ..)
        | Action::Reverse(grant, _)
        | Action::Vary(grant, _)
        | Action::ApproveVariation(grant, ..)
        | Action::Hold(grant)
        | Action::Resume(grant)
        | Action::Terminate(grant)
        | Action::Close(grant) => grant,
    }
}
