// What libvomsapi, the C++ library of VOMS, says of credentials, and how fast. Usage:
//
//   libvomsapi verdict CERTDIR VOMSDIR                        file names on stdin, one verdict a line on stdout;
//                                                             behind a name, two other directories after tabs
//   libvomsapi bench CERTDIR VOMSDIR FILE SECONDS THREADS     prints: count wall_seconds cpu_seconds
//
// It verifies attribute certificates only, never the chain that carries them: that is left to its callers.

#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <voms/voms_api.h>

namespace {

using Clock = std::chrono::steady_clock;

struct Chain {
  X509* leaf = nullptr;
  STACK_OF(X509)* above = sk_X509_new_null();

  explicit Chain(const std::string& file) {
    std::unique_ptr<BIO, decltype(&BIO_free)> in(BIO_new_file(file.c_str(), "r"), BIO_free);
    while (X509* next = in ? PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr) : nullptr) {
      if (leaf == nullptr)
        leaf = next;
      else
        sk_X509_push(above, next);
    }
    // A block that is not a certificate ends the chain like a file that cannot be read: without one.
    unsigned long error = ERR_peek_last_error();
    bool end = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (!end) {
      X509_free(leaf);
      leaf = nullptr;
    }
  }
  Chain(const Chain&) = delete;
  Chain& operator=(const Chain&) = delete;
  ~Chain() {
    X509_free(leaf);
    sk_X509_pop_free(above, X509_free);
  }
};

std::string code(int error) {
  static const char* const names[] = {
      "NONE",   "NOSOCKET", "NOIDENT", "COMM",  "PARAM", "NOEXT",  "NOINIT", "TIME",   "IDCHECK", "EXTRAINFO", "FORMAT", "NODATA",
      "PARSE",  "DIR",      "SIGN",    "SERVER", "MEM",  "VERIFY", "TYPE",   "ORDER",  "SERVERCODE", "NOTAVAIL", "FILE"};
  bool known = error >= 0 && static_cast<size_t>(error) < std::size(names);
  return known ? names[error] : std::to_string(error);
}

std::string one_line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

std::string judge(const std::string& file, const std::string& certdir, const std::string& vomsdir) {
  Chain chain(file);
  if (chain.leaf == nullptr) return "reject UNREADABLE";
  vomsdata vd(vomsdir, certdir);
  vd.SetVerificationType(VERIFY_FULL);
  if (!vd.Retrieve(chain.leaf, chain.above, RECURSE_CHAIN)) {
    if (vd.error == VERR_NOEXT) return "none";
    return one_line("reject " + code(vd.error) + " " + vd.ErrorMessage());
  }
  std::string verdict = "accept";
  for (const voms& ac : vd.data)
    for (const std::string& fqan : ac.fqan) verdict += " " + fqan;
  return one_line(verdict);
}

int verdicts(const std::string& usual_certdir, const std::string& usual_vomsdir) {
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream fields(line);
    std::string file, certdir, vomsdir;
    std::getline(fields, file, '\t');
    if (!std::getline(fields, certdir, '\t')) certdir = usual_certdir;
    if (!std::getline(fields, vomsdir, '\t')) vomsdir = usual_vomsdir;
    try {
      std::cout << judge(file, certdir, vomsdir) << std::endl;
    } catch (const std::exception& error) {
      std::cout << one_line(std::string("reject EXCEPTION ") + error.what()) << std::endl;
    }
    ERR_clear_error();
  }
  return 0;
}

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

int bench(const std::string& certdir, const std::string& vomsdir, const std::string& file, double seconds, int threads) {
  std::atomic<long> count = 0;
  std::atomic<bool> failed = false;
  auto started = Clock::now();
  auto until = started + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  double cpu = cpu_seconds();
  auto work = [&] {
    // Each thread has its own copy: OpenSSL caches in an X509 what it decodes.
    Chain chain(file);
    while (!failed && Clock::now() < until) {
      vomsdata vd(vomsdir, certdir);
      vd.SetVerificationType(VERIFY_FULL);
      if (chain.leaf == nullptr || !vd.Retrieve(chain.leaf, chain.above, RECURSE_CHAIN)) {
        failed = true;
        std::cerr << one_line("not accepted: " + vd.ErrorMessage()) << std::endl;
      } else {
        ++count;
      }
    }
  };
  std::vector<std::thread> workers;
  for (int i = 0; i < threads; ++i) workers.emplace_back(work);
  for (std::thread& worker : workers) worker.join();
  std::chrono::duration<double> wall = Clock::now() - started;
  if (failed) return 1;
  std::cout << count << ' ' << wall.count() << ' ' << cpu_seconds() - cpu << std::endl;
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 3 && words[0] == "verdict") return verdicts(words[1], words[2]);
  if (words.size() == 6 && words[0] == "bench")
    return bench(words[1], words[2], words[3], std::stod(words[4]), std::stoi(words[5]));
  std::cerr << "usage: libvomsapi verdict CERTDIR VOMSDIR | bench CERTDIR VOMSDIR FILE SECONDS THREADS\n";
  return 2;
}
