//! Tests of the seeds' texts: no two alike, sums that add up, pictures that exist.

use std::collections::{BTreeMap, BTreeSet};

use super::photographs;
use super::programme::DemoProgramme;
use super::stories::{Deviation, GroupSeed, Stage};
use crate::domain::Money;

/// Two texts of this many same first characters are too alike.
const SAME_START: usize = 40;

fn groups() -> Vec<GroupSeed> {
    DemoProgramme::read(None)
        .expect("the seeds are whole")
        .groups
}

/// Every text of a group that someone wrote: answers, titles, updates, quotations, notes, reasons.
fn texts(group: &GroupSeed) -> Vec<String> {
    let mut texts = vec![
        group.name.to_string(),
        group.title.to_string(),
        group.description.to_string(),
        group.budget_text(),
    ];
    texts.extend(group.answers.values().cloned());
    texts.extend(group.notes.iter().map(ToString::to_string));
    texts.extend(group.reason.iter().map(ToString::to_string));
    texts.extend(group.feedback.iter().map(ToString::to_string));
    if let Some(update) = &group.update {
        texts.extend([update.words.clone(), update.hard.clone()]);
        texts.extend(update.signs.iter().map(|sign| sign.words.clone()));
    }
    if let Some(news) = &group.news {
        texts.extend([news.words.clone(), news.pictured.clone()]);
    }
    if let Some(story) = &group.story {
        texts.extend([story.words.to_string(), story.consent.to_string()]);
    }
    for turn in group.turns.values() {
        texts.push(turn.said.clone());
        texts.extend(turn.answer.clone());
    }
    texts
}

/// Lower case, and only letters and digits with single spaces.
fn plain(text: &str) -> String {
    let kept = text
        .to_lowercase()
        .replace(|c: char| !c.is_alphanumeric(), " ");
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn no_two_texts_are_alike() {
    let mut seen = BTreeMap::new();
    let mut count = 0;
    for group in groups() {
        for text in texts(&group) {
            let start: String = plain(&text).chars().take(SAME_START).collect();
            if let Some(other) = seen.insert(start.clone(), group.name.clone()) {
                panic!("{other} and {} both say: {start}", group.name);
            }
            count += 1;
        }
    }
    assert!(count > 900, "only {count} texts");
}

#[test]
fn awards_differ_in_what_they_cost() {
    let groups = groups();
    let awarded: Vec<_> = groups
        .iter()
        .filter(|group| group.comes_to >= Stage::Offered)
        .collect();
    assert_eq!(awarded.len(), 47);
    let sums: BTreeSet<_> = awarded.iter().map(|group| group.whole()).collect();
    assert!(sums.len() >= 45, "only {} different sums", sums.len());
    let total: Money = awarded.iter().map(|group| group.whole()).sum();
    assert!(Money::from_pounds(83_000).covers(total), "{total}");
    for group in &groups {
        let asked: Money = group.budget.iter().map(|line| line.amount).sum();
        assert_eq!(asked, group.asked, "{}", group.name);
        assert!(group.comes_to < Stage::Offered || group.budget.len() >= 3);
    }
}

#[test]
fn every_update_is_of_its_own() {
    let groups = groups();
    let updates: Vec<_> = groups
        .iter()
        .filter_map(|group| group.update.as_ref())
        .collect();
    assert!(updates.len() >= 25, "only {} updates", updates.len());
    let pictured = updates
        .iter()
        .filter(|update| !update.photographs.is_empty());
    assert!(pictured.count() >= 12);
    let names: BTreeSet<_> = photographs::names().collect();
    let in_updates = updates.iter().flat_map(|update| &update.photographs);
    let in_news = groups.iter().filter_map(|group| group.news.as_ref());
    for picture in in_updates.chain(in_news.flat_map(|news| &news.photographs)) {
        assert!(names.contains(picture.as_str()), "{picture}");
    }
    let unknown_quoted = groups
        .iter()
        .filter(|group| group.story.is_some() && group.update.is_none());
    assert_eq!(unknown_quoted.count(), 0, "a story without an update");
}

#[test]
fn every_group_names_an_adopted_theme() {
    let adopted = crate::starter::themes();
    for group in groups() {
        let mut keys = adopted.iter().map(|theme| &theme.theme);
        assert!(keys.any(|key| *key == group.activity), "{}", group.name);
    }
}

#[test]
fn every_picture_is_described() {
    let shown: Vec<_> = photographs::names()
        .map(|name| photographs::shown_by(name).unwrap_or_else(|| panic!("{name}")))
        .collect();
    let different: BTreeSet<_> = shown.iter().map(ToString::to_string).collect();
    assert_eq!(different.len(), shown.len());
}

/// What was learned is in words of its own each time, and names a sign. What did not take place
/// taught nothing.
#[test]
fn every_session_that_was_held_says_what_was_learned() {
    let programme = DemoProgramme::read(None).expect("the seeds are whole");
    let mut seen = BTreeSet::new();
    for gathering in &programme.gatherings {
        let title = gathering.about.title.as_str();
        assert!(seen.insert(plain(title)), "{title}");
        for session in &gathering.sessions {
            let was_held = session.came.is_some();
            assert_eq!(session.learned.is_some(), was_held, "{session:?}");
            assert_eq!(!session.signs.is_empty(), was_held, "{session:?}");
            assert!(!was_held || session.cancelled.is_none(), "{session:?}");
            if let Some(learned) = &session.learned {
                let start = plain(learned.as_str()).chars().take(SAME_START).collect();
                assert!(seen.insert(start), "{learned}");
            }
        }
    }
    assert!(seen.len() > 20, "{seen:?}");
}

#[test]
fn there_is_work_for_every_role() {
    let groups = groups();
    let at = |stage| {
        groups
            .iter()
            .filter(|group| group.comes_to == stage)
            .count()
    };
    let turned = |turn| {
        groups
            .iter()
            .filter(|group| group.turns.contains_key(&turn))
            .count()
    };
    assert!(at(Stage::Submitted) >= 6, "to check");
    assert!(
        at(Stage::InAssessment) >= 5 && at(Stage::Eligible) >= 1,
        "to score and to decide"
    );
    assert!(
        at(Stage::Prepared) >= 2 && at(Stage::Approved) >= 1,
        "to approve and to send"
    );
    let with_the_bank = groups
        .iter()
        .filter(|group| group.comes_to == Stage::Sent && group.turns.is_empty());
    assert!(with_the_bank.count() >= 1, "with the bank");
    for turn in [
        Deviation::PaymentBounced,
        Deviation::LaterEnd,
        Deviation::WaiverProposed,
        Deviation::ContactMoved,
        Deviation::ErasureRequested,
        Deviation::Erased,
        Deviation::ReviewRefused,
        Deviation::SignDisputed,
        Deviation::FiguresCorrected,
        Deviation::StoryWithdrawn,
        Deviation::VariationRefused,
    ] {
        assert!(turned(turn) >= 1, "{turn:?}");
    }
    let overdue = groups
        .iter()
        .filter(|group| group.comes_to == Stage::Live && group.due.is_some_and(|due| due < 0));
    let (by_mail, by_phone): (Vec<_>, Vec<_>) =
        overdue.partition(|group| group.contact.email.is_some());
    assert!(by_mail.len() >= 2 && by_phone.len() >= 2, "overdue");
}
