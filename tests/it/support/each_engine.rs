//! Macros that make tests of an asynchronous function that takes a [`TestApp`], on one engine or on
//! both.
//!
//! ```text
//! on_each_engine!(a_link_works_once);
//! /// A link signs in once, and opening it does not use it up.
//! async fn a_link_works_once(app: TestApp) { … }
//! ```
//!
//! makes the tests `a_link_works_once::sqlite` and `a_link_works_once::postgres`. Without server
//! binaries of PostgreSQL on this machine, found when the tests are built, the second is ignored
//! and reported so. A test that needs another program is ignored unless it is asked for:
//! `on_sqlite!(name, ignore = "needs strace")`.
//!
//! [`TestApp`]: super::test_app::TestApp

/// One test: the function on a new app with this engine.
macro_rules! engine_test {
    ($test:ident, $engine:ident $(, $attribute:meta)*) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        $(#[$attribute])*
        async fn $engine() {
            super::$test(crate::support::test_app::TestApp::$engine().await).await;
        }
    };
}

macro_rules! on_sqlite {
    ($test:ident $(, $attribute:meta)?) => {
        mod $test {
            engine_test!($test, sqlite $(, $attribute)?);
        }
    };
}

macro_rules! on_postgres {
    ($test:ident $(, $attribute:meta)?) => {
        mod $test {
            engine_test!(
                $test, postgres $(, $attribute)?,
                cfg_attr(not(has_postgres), ignore = "no PostgreSQL server on this machine")
            );
        }
    };
}

macro_rules! on_each_engine {
    ($test:ident) => {
        mod $test {
            engine_test!($test, sqlite);
            engine_test!(
                $test,
                postgres,
                cfg_attr(
                    not(has_postgres),
                    ignore = "no PostgreSQL server on this machine"
                )
            );
        }
    };
}
