//! Integration tests that need a database or a running service, on both engines.
//!
//! PostgreSQL cases start a throwaway server from the binaries on this machine. Without them they
//! are reported as ignored, never as passed.

#![expect(clippy::unwrap_used, reason = "a case that cannot go on has failed")]

mod accesses;
mod along;
mod api;
mod as_asked;
mod auditing;
mod backup;
mod bank;
mod bank_facts;
mod browser;
mod cases;
mod cli;
mod conflicts;
mod connections;
mod crashes;
mod crates;
mod damage;
mod database_lock;
mod days;
mod delayed;
mod earlier_program;
mod erasing;
mod faults;
mod figures;
mod files;
mod folders;
mod following;
mod fuzzed;
mod golden;
mod group_pages;
mod groups;
mod held;
mod histories;
mod house;
mod importing;
mod integrators;
mod intruders;
mod jobs;
mod keying;
mod later_ties;
mod layers;
mod lifecycle;
mod limits;
mod log;
mod mail_texts;
mod mails;
mod matrix;
mod model;
mod office;
mod office_of_two;
mod open_data;
mod operating;
mod pages;
mod postgres;
mod problems;
mod projections;
mod races;
mod refusals;
mod remembered;
mod replay;
mod rights;
mod sealed;
mod sealing;
mod second_people;
mod seeds;
mod service;
mod setting;
mod sheets;
mod signing_in;
mod stopping;
mod two_people;
mod uploads;
mod webhooks;
mod world;
mod wrong_eyes;

use std::process::ExitCode;

use libtest_mimic::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut all = cases::Cases::default();
    for add in [
        accesses::cases,
        along::cases,
        api::cases,
        as_asked::cases,
        auditing::cases,
        backup::cases,
        bank::cases,
        bank_facts::cases,
        cli::cases,
        conflicts::cases,
        connections::cases,
        later_ties::cases,
        crashes::cases,
        crates::cases,
        damage::cases,
        database_lock::cases,
        days::cases,
        delayed::cases,
        earlier_program::cases,
        erasing::cases,
        faults::cases,
        figures::cases,
        files::cases,
        following::cases,
        fuzzed::cases,
        golden::cases,
        group_pages::cases,
        groups::cases,
        held::cases,
        histories::cases,
        importing::cases,
        integrators::cases,
        intruders::cases,
        jobs::cases,
        keying::cases,
        layers::cases,
        lifecycle::cases,
        limits::cases,
        log::cases,
        matrix::cases,
        mail_texts::cases,
        mails::cases,
        model::cases,
        office_of_two::cases,
        open_data::cases,
        operating::cases,
        pages::cases,
        problems::cases,
        projections::cases,
        races::cases,
        refusals::cases,
        remembered::cases,
        rights::cases,
        sealed::cases,
        sealing::cases,
        second_people::cases,
        seeds::cases,
        sheets::cases,
        signing_in::cases,
        stopping::cases,
        two_people::cases,
        uploads::cases,
        webhooks::cases,
        wrong_eyes::cases,
    ] {
        add(&mut all);
    }
    libtest_mimic::run(&arguments, all.trials()).exit_code()
}
