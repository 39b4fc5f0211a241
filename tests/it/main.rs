//! Integration tests that need a database or a running service, on both engines.
//!
//! PostgreSQL cases start a throwaway server from the binaries on this machine. Without them they
//! are reported as ignored, never as passed.

#![expect(clippy::unwrap_used, reason = "a case that cannot go on has failed")]

mod access_trail;
mod api;
mod auditing;
mod backup;
mod bank;
mod bank_facts;
mod browser;
mod budget_by_funder;
mod cases;
mod cli;
mod conflicts;
mod connections;
mod cqrs_es_compat;
mod crashes;
mod database_lock;
mod earlier_version;
mod encryption;
mod erasure;
mod event_delivery;
mod extreme_values;
mod faults;
mod file_permissions;
mod files;
mod fixtures;
mod folders;
mod form_retries;
mod fuzz_corpus;
mod golden;
mod graceful_shutdown;
mod group_pages;
mod groups;
mod head_cache;
mod importing;
mod in_memory_domain;
mod inline_projections;
mod integrators;
mod jobs;
mod later_connections;
mod layers;
mod lifecycle;
mod limits;
mod log;
mod mail_texts;
mod mails;
mod matrix;
mod member_visibility;
mod model;
mod office_of_two;
mod open_data;
mod pages;
mod postgres;
mod problems;
mod projections;
mod races;
mod random_histories;
mod refusals;
mod replay;
mod requested_changes;
mod scenario;
mod security;
mod seeds;
mod service;
mod sign_in;
mod slow_commits;
mod spreadsheets;
mod subject_access;
mod sybil_attacks;
mod tampering;
mod test_app;
mod transparency_log;
mod two_people;
mod upgrades;
mod uploads;
mod webhooks;

use std::process::ExitCode;

use libtest_mimic::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut all = cases::Cases::default();
    for add in [
        access_trail::cases,
        inline_projections::cases,
        api::cases,
        requested_changes::cases,
        auditing::cases,
        backup::cases,
        bank::cases,
        bank_facts::cases,
        cli::cases,
        conflicts::cases,
        connections::cases,
        later_connections::cases,
        crashes::cases,
        cqrs_es_compat::cases,
        tampering::cases,
        database_lock::cases,
        extreme_values::cases,
        slow_commits::cases,
        earlier_version::cases,
        erasure::cases,
        faults::cases,
        budget_by_funder::cases,
        files::cases,
        event_delivery::cases,
        fuzz_corpus::cases,
        golden::cases,
        group_pages::cases,
        groups::cases,
        subject_access::cases,
        random_histories::cases,
        importing::cases,
        integrators::cases,
        security::cases,
        jobs::cases,
        form_retries::cases,
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
        upgrades::cases,
        pages::cases,
        problems::cases,
        projections::cases,
        races::cases,
        refusals::cases,
        head_cache::cases,
        file_permissions::cases,
        encryption::cases,
        transparency_log::cases,
        sybil_attacks::cases,
        seeds::cases,
        spreadsheets::cases,
        sign_in::cases,
        graceful_shutdown::cases,
        two_people::cases,
        uploads::cases,
        webhooks::cases,
        member_visibility::cases,
    ] {
        add(&mut all);
    }
    libtest_mimic::run(&arguments, all.trials()).exit_code()
}
