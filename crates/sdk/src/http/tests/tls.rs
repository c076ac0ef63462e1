//! Which servers are believed to be who they say they are.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;

use ::http::Method;
use bytes::Bytes;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::super::{Request, Response, TransportError};
use super::client;
use crate::testing::url;

const AUTHORITY: &[u8] = include_bytes!("testdata/ca.pem");
const SERVER: (&[u8], &[u8]) = (include_bytes!("testdata/server.pem"), include_bytes!("testdata/server.key"));
const OTHER: (&[u8], &[u8]) = (include_bytes!("testdata/other.pem"), include_bytes!("testdata/other.key"));

/// Serves one connection over TLS and gives the port.
fn serve((certificate, key): (&[u8], &[u8])) -> u16 {
    let chain = CertificateDer::pem_slice_iter(certificate).collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_slice(key).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut stream = StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), stream);
        let mut head = [0; 4096];
        // A client that does not trust us hangs up here.
        if stream.read(&mut head).is_ok_and(|count| count > 0) {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
        }
    });
    port
}

async fn get(server: (&[u8], &[u8]), ca: Option<&'static [u8]>, verify: bool) -> Result<Response, TransportError> {
    let mut request = Request::new(Method::GET, url(&format!("https://localhost:{}/", serve(server))));
    request.ca = ca.map(Bytes::from_static);
    request.verify_tls = verify;
    client(&["localhost"]).send(request).await
}

#[tokio::test]
async fn an_unknown_authority_is_refused_unless_given_or_unless_told_not_to_look() {
    let error = get(SERVER, None, true).await.unwrap_err();
    assert!(matches!(&error, TransportError::NotSent(text) if text.contains("UnknownIssuer")), "{error:?}");
    assert_eq!(&get(SERVER, Some(AUTHORITY), true).await.unwrap().body[..], b"ok");
    assert_eq!(&get(SERVER, None, false).await.unwrap().body[..], b"ok");
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    let error = get(OTHER, Some(AUTHORITY), true).await.unwrap_err();
    assert!(matches!(&error, TransportError::NotSent(text) if text.contains("not valid for name")), "{error:?}");
}
