//! Registration of test cases: on both engines, on one, or on none.

use std::future::Future;

use libtest_mimic::{Failed, Trial};

use crate::postgres;
use crate::test_app::TestApp;

/// All registered cases.
#[derive(Default)]
pub struct Cases(Vec<Trial>);

impl Cases {
    /// A case that runs on SQLite and on PostgreSQL.
    pub fn on_both_engines<F, R>(&mut self, name: &str, case: F)
    where
        F: Fn(TestApp) -> R + Clone + Send + 'static,
        R: Future<Output = ()>,
    {
        self.on_sqlite(name, case.clone());
        self.on_postgres(name, case);
    }

    pub fn on_sqlite<F, R>(&mut self, name: &str, case: F)
    where
        F: Fn(TestApp) -> R + Send + 'static,
        R: Future<Output = ()>,
    {
        self.0.push(Trial::test(format!("{name}::sqlite"), move || {
            run(async { case(TestApp::sqlite().await).await })
        }));
    }

    pub fn on_postgres<F, R>(&mut self, name: &str, case: F)
    where
        F: Fn(TestApp) -> R + Send + 'static,
        R: Future<Output = ()>,
    {
        let trial = Trial::test(format!("{name}::postgres"), move || {
            run(async { case(TestApp::postgres().await).await })
        });
        self.0
            .push(trial.with_ignored_flag(!postgres::is_available()));
    }

    /// A case on SQLite that is reported as ignored unless its other requirement is available.
    pub fn if_available<F, R>(&mut self, is_there: bool, name: &str, case: F)
    where
        F: Fn(TestApp) -> R + Send + 'static,
        R: Future<Output = ()>,
    {
        let trial = Trial::test(name.to_owned(), move || {
            run(async { case(TestApp::sqlite().await).await })
        });
        self.0.push(trial.with_ignored_flag(!is_there));
    }

    /// A case that needs no database.
    pub fn without_database(&mut self, name: &str, case: fn()) {
        self.0.push(Trial::test(name.to_owned(), move || {
            case();
            Ok(())
        }));
    }

    pub fn trials(self) -> Vec<Trial> {
        if !postgres::is_available() {
            eprintln!(
                "PostgreSQL server binaries were not found: the cases on PostgreSQL are ignored"
            );
        }
        self.0
    }
}

fn run(case: impl Future<Output = ()>) -> Result<(), Failed> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?
        .block_on(case);
    Ok(())
}
