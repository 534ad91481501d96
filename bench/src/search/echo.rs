//! The yardstick of a call: a tonic server that answers with as many bytes as it is asked for, and does nothing else.

use std::convert::Infallible;

use bytes::Bytes;
use futures::future::BoxFuture;
use tonic::{
    Request, Response, Status,
    body::Body,
    codegen::{Context, Poll, Service},
    server::{NamedService, UnaryService},
    transport::{Channel, Server, server::TcpIncoming},
};
use tonic_prost::ProstCodec;

/// What is asked, and what is answered.
#[derive(Clone, PartialEq, prost::Message)]
struct Load {
    /// Bytes of the answer's body.
    #[prost(uint32, tag = "1")]
    wanted: u32,
    #[prost(bytes = "bytes", tag = "2")]
    body: Bytes,
}

/// Answers.
#[derive(Debug, Clone)]
struct Echo;

impl UnaryService<Load> for Echo {
    type Response = Load;
    type Future = BoxFuture<'static, Result<Response<Load>, Status>>;

    fn call(&mut self, request: Request<Load>) -> Self::Future {
        let body = vec![b'x'; request.get_ref().wanted as usize].into();
        Box::pin(async move { Ok(Response::new(Load { wanted: 0, body })) })
    }
}

impl Service<http::Request<Body>> for Echo {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async { Ok(tonic::server::Grpc::new(ProstCodec::default()).unary(Self, request).await) })
    }
}

impl NamedService for Echo {
    const NAME: &'static str = "bench.Echo";
}

/// A client of the server.
pub(crate) struct Client(tonic::client::Grpc<Channel>);

impl Client {
    /// Starts a server with threads of its own, as many as a service has, and connects.
    pub(crate) async fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        // it ends with the program
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
                Server::builder().add_service(Echo).serve_with_incoming(incoming).await.unwrap();
            });
        });
        Self(tonic::client::Grpc::new(Channel::from_shared(address).unwrap().connect().await.unwrap()))
    }

    /// Sends so many bytes and gets so many.
    pub(crate) async fn call(&mut self, sent: usize, wanted: usize) {
        let load = Load { wanted: u32::try_from(wanted).unwrap(), body: vec![b'x'; sent].into() };
        self.0.ready().await.unwrap();
        let path = http::uri::PathAndQuery::from_static("/bench.Echo/Call");
        let answer = self.0.unary(Request::new(load), path, ProstCodec::<Load, Load>::default()).await.unwrap();
        assert_eq!(answer.get_ref().body.len(), wanted);
    }
}
