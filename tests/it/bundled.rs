//! The plugins that come with the relay, in the real sandbox.

use tocsin_sandbox::{Sandbox, SandboxConfig};

#[tokio::test]
async fn every_bundled_plugin_loads_and_imports_nothing() {
    let sandbox = Sandbox::new(SandboxConfig::default()).expect("this machine runs components");
    for bundled in tocsin_bundled::plugins() {
        let plugin = sandbox.load(bundled.id, bundled.component).await.expect("it loads");
        assert_eq!(plugin.info().id, bundled.id);
        assert_eq!(plugin.imports(), [] as [String; 0], "{} asks for something", bundled.id);
    }
}
