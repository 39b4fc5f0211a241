//! The service over HTTP: the API, its contract, and the operator's addresses.

pub mod api;
mod contract;
mod operator;
pub mod problem;
pub mod signin;

use std::net::TcpListener;

use actix_web::middleware::{Compress, DefaultHeaders};
use actix_web::{App, HttpResponse, HttpServer, web};

use crate::commands::Commands;
use crate::files::Files;
use crate::views::Views;
pub use contract::contract;
use problem::Fault;
use signin::Tokens;

/// The most that a request's body may hold, in bytes.
pub const BODY_MOST: usize = 512 * 1024;

/// Everything that a handler works with.
pub struct Desk {
    pub commands: Commands,
    pub views: Views,
    pub files: Files,
    pub tokens: Tokens,
}

/// Serves on a listener that is already bound.
///
/// # Errors
/// When the listener cannot be used.
pub fn serve(desk: Desk, listener: TcpListener, workers: Option<usize>) -> std::io::Result<actix_web::dev::Server> {
    let desk = web::Data::new(desk);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(desk.clone())
            .app_data(web::PayloadConfig::new(BODY_MOST))
            .wrap(tracing_actix_web::TracingLogger::default())
            .wrap(Compress::default())
            .wrap(DefaultHeaders::new().add(("X-Content-Type-Options", "nosniff")).add(("Cache-Control", "no-store")))
            .configure(api::configure)
            .configure(operator::configure)
            .default_service(web::to(no_such_address))
    });
    let server = if let Some(workers) = workers { server.workers(workers) } else { server };
    Ok(server.listen(listener)?.shutdown_timeout(20).run())
}

async fn no_such_address() -> HttpResponse {
    actix_web::ResponseError::error_response(&Fault::NoSuchAddress.problem("there is nothing at this address"))
}
