# For a tap; `brew bump-formula-pr` fills in the digest of a release's source.
class VomsProxy < Formula
  desc "Grid credentials: proxies with VOMS attributes, made, shown and verified"
  homepage "https://github.com/voms-proxy/voms-proxy"
  url "https://github.com/voms-proxy/voms-proxy/archive/refs/tags/v@VERSION@.tar.gz"
  sha256 "@SOURCE_SHA256@"
  license "Apache-2.0"
  head "https://github.com/voms-proxy/voms-proxy.git", branch: "main"

  depends_on "rust" => :build

  def install
    system "cargo", "install", *std_cargo_args
    system bin/"voms-proxy", "links", "--relative", bin
    man1.install Dir["man/*.1"]
    man5.install Dir["man/*.5"]
    bash_completion.install Dir["completions/bash/*"]
    fish_completion.install Dir["completions/fish/*"]
    zsh_completion.install "completions/zsh/_voms-proxy"
  end

  test do
    system bin/"voms-proxy", "sandbox", "--", bin/"voms-proxy-init", "--voms", "virgo"
  end
end
