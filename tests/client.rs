//! The client of VOMS servers as a library: in a service with an async runtime, and without one.

mod common;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use common::servers::{Voms, authority, honest};
use common::{hostile, now, world};
use voms::trust::TrustAnchors;
use voms_client::net::NetError;
use voms_client::net::tls::ServerTrust;
use voms_client::request::AcRequest;
use voms_client::vomses::{Vomses, VomsesEntry};
use voms_client::{Failure, RequestOptions, VomsClient, blocking, probe_server};

fn trust() -> ServerTrust {
    ServerTrust::Directory(TrustAnchors::open(&world().certificates()).unwrap())
}

fn client() -> VomsClient {
    VomsClient::new(&world().user, trust()).unwrap()
}

fn blocking_client() -> blocking::VomsClient {
    blocking::VomsClient::new(&world().user, trust()).unwrap()
}

fn entries(line: &str) -> Vec<VomsesEntry> {
    let vomses = Vomses::from_text(Path::new("vomses"), line);
    vomses.entries().to_vec()
}

/// Runs a service's code: in a task that tokio may move between threads.
fn in_a_task<T: Send + 'static>(code: impl Future<Output = T> + Send + 'static) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async { tokio::spawn(code).await.unwrap() })
}

fn everything() -> AcRequest {
    AcRequest::for_everything("virgo")
}

fn server() -> (Voms, Vec<VomsesEntry>) {
    let voms = honest(authority(|_| {}));
    let servers = entries(&voms.virgo());
    (voms, servers)
}

#[test]
fn a_spawned_task_can_request_survey_and_probe() {
    let (voms, servers) = server();
    let ac = in_a_task(async move {
        let client = client();
        let options = RequestOptions::new(now());
        let reply = client
            .request(&everything(), &servers, &options, &mut |_| {})
            .await
            .unwrap();
        assert!(!reply.granted().is_empty());
        let wanted = ["/virgo/virgo/Role=production".parse().unwrap()];
        let survey = client
            .survey("virgo", &wanted, &servers, &options, &mut |_| {})
            .await
            .unwrap();
        assert!(survey.granted.contains(&wanted[0]) && survey.unknown.is_empty());
        let limit = Duration::from_secs(10);
        for probe in [
            client.probe(&servers[0], now().into(), limit).await,
            probe_server(&servers[0], trust(), now().into(), limit)
                .await
                .unwrap(),
        ] {
            assert!(matches!(probe.certificate, Some(Ok(_))), "{probe:?}");
        }
        reply.ac.as_der().to_vec()
    });
    assert!(voms.sent().contains(&ac));
}

#[test]
fn one_client_serves_concurrent_requests() {
    in_a_task(async {
        let (_voms, servers) = server();
        let client = Arc::new(client());
        let task = || {
            let (client, servers) = (client.clone(), servers.clone());
            tokio::spawn(async move {
                let options = RequestOptions::new(now());
                client
                    .request(&everything(), &servers, &options, &mut |_| {})
                    .await
            })
        };
        for task in [task(), task()] {
            task.await.unwrap().unwrap();
        }
    });
}

#[test]
fn a_kept_client_takes_its_time_and_limits_from_each_request() {
    in_a_task(async {
        let (_voms, servers) = server();
        let silent = hostile::tcp(|mut stream| hostile::silence(&mut stream));
        let client = client();
        let short = RequestOptions::new(now()).total(Duration::from_millis(50));
        let late = client
            .request(
                &everything(),
                &entries(&silent.virgo()),
                &short,
                &mut |_| {},
            )
            .await
            .unwrap_err();
        assert!(
            matches!(late.foremost(), Some((_, Failure::Timeout(_)))),
            "{late:?}"
        );
        // The first request's total limit is reached by now.
        let usual = RequestOptions::new(now());
        for _ in 0..2 {
            client
                .request(&everything(), &servers, &usual, &mut |_| {})
                .await
                .unwrap();
        }
        // The connection is still open, but the server's certificate is only known to be valid
        // today.
        let in_ten_years = RequestOptions::new(now() + chrono::Duration::days(3650));
        let expired = client
            .request(&everything(), &servers, &in_ten_years, &mut |_| {})
            .await
            .unwrap_err();
        assert!(
            matches!(
                expired.foremost(),
                Some((_, Failure::Net(NetError::Untrusted(_))))
            ),
            "{expired:?}"
        );
    });
}

#[test]
fn the_blocking_client_inside_a_runtime_is_an_error() {
    in_a_task(async {
        let (voms, servers) = server();
        let client = blocking_client();
        let options = RequestOptions::new(now());
        let refused = client.request(&everything(), &servers, &options, &mut |_| {});
        let error = refused.unwrap_err();
        assert!(
            matches!(error.cause.as_deref(), Some(NetError::InsideAsyncRuntime)),
            "{error:?}"
        );
        let surveyed = client.survey("virgo", &[], &servers, &options, &mut |_| {});
        assert!(matches!(
            surveyed.unwrap_err().cause.as_deref(),
            Some(NetError::InsideAsyncRuntime)
        ));
        let limit = Duration::from_secs(10);
        for probed in [
            client.probe(&servers[0], now().into(), limit),
            blocking::probe_server(&servers[0], trust(), now().into(), limit),
        ] {
            assert!(matches!(probed, Err(NetError::InsideAsyncRuntime)));
        }
        assert!(voms.heard().is_empty());
    });
}

#[test]
fn the_blocking_client_needs_no_runtime() {
    let (_voms, servers) = server();
    let client = blocking_client();
    let options = RequestOptions::new(now());
    for _ in 0..2 {
        let reply = client.request(&everything(), &servers, &options, &mut |_| {});
        assert!(!reply.unwrap().granted().is_empty());
    }
    let probe = client.probe(&servers[0], now().into(), Duration::from_secs(10));
    assert!(matches!(probe.unwrap().certificate, Some(Ok(_))));
}
