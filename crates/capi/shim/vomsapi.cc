// The C++ face of libvomsapi: classes that callers keep on their stacks, copy and destroy inline. They are declared by the
// original's own header, so that their layout is the original's; here fields are only copied. What they mean is src/border.rs.
#include <voms/voms_api.h>

#include <openssl/crypto.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>

#if defined(__x86_64__) || defined(__aarch64__)
static_assert(sizeof(vomsdata) == 344 && sizeof(voms) == 440, "callers have other layouts");
static_assert(sizeof(data) == 96 && sizeof(attribute) == 96 && sizeof(attributelist) == 56, "callers have other layouts");
#endif

extern "C" {
struct vomsapi_asked {
  X509 *certificate;
  STACK_OF(X509) *chain;
  int how;
  int checks;
  std::int64_t time;
  const char *vomsdir;
  const char *certdir;
};

struct vomsapi_told {
  int code;
  X509 *holder;
  unsigned char *fields;
  std::size_t length;
};

void vomsapi_open(const char *vomsdir, const char *certdir, vomsapi_told *told);
void vomsapi_ask(const vomsapi_asked *asked, vomsapi_told *told);
void vomsapi_read_stream(FILE *stream, vomsapi_told *told);
void vomsapi_read_proxy(vomsapi_told *told);
void vomsapi_read_extension(vomsapi_told *told);
void vomsapi_export(const unsigned char *bytes, std::size_t length, vomsapi_told *told);
void vomsapi_forget(vomsapi_told *told);

// The bindings initialise libssl, of which nothing is used here. Options are left to the process whose libcrypto it is.
int OPENSSL_init_ssl(std::uint64_t, const OPENSSL_INIT_SETTINGS *) { return OPENSSL_init_crypto(0, nullptr); }

int getVOMSMajorVersionNumber(void) { return 2; }
int getVOMSMinorVersionNumber(void) { return 0; }
int getVOMSPatchVersionNumber(void) { return 0; }
}

namespace {

// What an answer consists of, field by field.
class Fields {
public:
  Fields() : told_() {}
  Fields(const Fields &) = delete;
  Fields &operator=(const Fields &) = delete;
  ~Fields() { vomsapi_forget(&told_); }

  vomsapi_told *told() { return &told_; }

  // False at the end.
  bool next(char &letter, std::string &value) {
    const std::size_t header = 5;
    if (told_.length - at_ < header) return false;
    const unsigned char *field = told_.fields + at_;
    std::size_t length = 0;
    for (std::size_t i = header; i > 1; i--) length = length << 8 | field[i - 1];
    if (told_.length - at_ - header < length) return false;
    letter = static_cast<char>(field[0]);
    value.assign(reinterpret_cast<const char *>(field) + header, length);
    at_ += header + length;
    return true;
  }

private:
  vomsapi_told told_;
  std::size_t at_ = 0;
};

// The certificates of a proxy file.
class Certificates {
public:
  Certificates() : proxy_(nullptr), others_(sk_X509_new_null()) {}
  Certificates(const Certificates &) = delete;
  Certificates &operator=(const Certificates &) = delete;
  ~Certificates() {
    X509_free(proxy_);
    sk_X509_pop_free(others_, X509_free);
  }

  // 0, or why there are none, with a message.
  int take(Fields &fields, std::string &message) {
    bool whole = others_ != nullptr;
    char letter;
    std::string value;
    while (fields.next(letter, value)) {
      if (letter == 'm') message = value;
      if (letter != 'c' || !whole) continue;
      const unsigned char *der = reinterpret_cast<const unsigned char *>(value.data());
      X509 *certificate = d2i_X509(nullptr, &der, static_cast<long>(value.size()));
      if (certificate && !proxy_) {
        proxy_ = certificate;
      } else if (!certificate || !sk_X509_push(others_, certificate)) {
        X509_free(certificate);
        whole = false;
      }
    }
    if (fields.told()->code) return fields.told()->code;
    if (whole && proxy_) return 0;
    message = "Out of memory.";
    return VERR_MEM;
  }

  X509 *proxy() const { return proxy_; }
  STACK_OF(X509) *others() const { return others_; }

private:
  X509 *proxy_;
  STACK_OF(X509) *others_;
};

// Behind voms::realdata.
struct Behind {
  std::vector<attributelist> attributes;
  std::vector<std::string> targets;
  std::string ac;
};

X509 *another(X509 *certificate) {
  if (certificate) X509_up_ref(certificate);
  return certificate;
}

void put_generic(Behind &behind, char letter, const std::string &value) {
  if (letter == 'A') behind.ac = value;
  if (letter == 't') behind.targets.push_back(value);
  if (letter == 'G') {
    behind.attributes.emplace_back();
    behind.attributes.back().grantor = value;
  }
  if (behind.attributes.empty()) return;
  std::vector<attribute> &all = behind.attributes.back().attributes;
  if (letter == 'a') {
    all.emplace_back();
    all.back().name = value;
  }
  if (all.empty()) return;
  if (letter == 'w') all.back().value = value;
  if (letter == 'q') all.back().qualifier = value;
}

void put(voms &v, char letter, const std::string &value) {
  switch (letter) {
  case 'N':
    v.signature = value;
    v.siglen = static_cast<int>(value.size());
    break;
  case 'u': v.user = value; break;
  case 'U': v.userca = value; break;
  case 's': v.server = value; break;
  case 'S': v.serverca = value; break;
  case 'v': v.voname = value; break;
  case 'i': v.uri = value; break;
  case 'd': v.date1 = value; break;
  case 'D': v.date2 = value; break;
  case 'x': v.serial = value; break;
  case 'f': v.fqan.push_back(value); break;
  case 'g':
    v.std.emplace_back();
    v.std.back().group = value;
    break;
  case 'r':
    if (!v.std.empty()) v.std.back().role = value;
    break;
  case 'c':
    if (!v.std.empty()) v.std.back().cap = value;
    break;
  }
}

} // namespace

voms::voms() : version(0), siglen(0), type(TYPE_NODATA), realdata(nullptr), holder(nullptr), vp(nullptr) {}

voms::voms(const voms &o)
    : version(o.version), siglen(o.siglen), signature(o.signature), user(o.user), userca(o.userca), server(o.server),
      serverca(o.serverca), voname(o.voname), uri(o.uri), date1(o.date1), date2(o.date2), type(o.type), std(o.std),
      custom(o.custom), fqan(o.fqan), serial(o.serial),
      realdata(o.realdata ? new Behind(*static_cast<Behind *>(o.realdata)) : nullptr), holder(another(o.holder)), vp(nullptr) {}

voms &voms::operator=(const voms &o) {
  if (this == &o) return *this;
  voms copy(o);
  version = copy.version;
  siglen = copy.siglen;
  type = copy.type;
  signature.swap(copy.signature);
  user.swap(copy.user);
  userca.swap(copy.userca);
  server.swap(copy.server);
  serverca.swap(copy.serverca);
  voname.swap(copy.voname);
  uri.swap(copy.uri);
  date1.swap(copy.date1);
  date2.swap(copy.date2);
  std.swap(copy.std);
  custom.swap(copy.custom);
  fqan.swap(copy.fqan);
  serial.swap(copy.serial);
  std::swap(realdata, copy.realdata);
  std::swap(holder, copy.holder);
  return *this;
}

voms::~voms() {
  delete static_cast<Behind *>(realdata);
  X509_free(holder);
}

std::vector<attributelist> &voms::GetAttributes() {
  if (!realdata) realdata = new Behind;
  return static_cast<Behind *>(realdata)->attributes;
}

std::vector<std::string> voms::GetTargets() {
  return realdata ? static_cast<Behind *>(realdata)->targets : std::vector<std::string>();
}

vomsdata::vomsdata(std::string voms_dir, std::string cert_dir)
    : duration(0), error(VERR_NONE), ver_type(VERIFY_FULL), retry_count(1), verificationtime(0), vdp(nullptr) {
  Fields fields;
  vomsapi_open(voms_dir.c_str(), cert_dir.c_str(), fields.told());
  error = static_cast<verror_type>(fields.told()->code);
  char letter;
  std::string value;
  while (fields.next(letter, value)) {
    if (letter == 'v') voms_cert_dir = value;
    if (letter == 'k') ca_cert_dir = value;
    if (letter == 'm') errmessage = value;
  }
}

vomsdata::vomsdata(const vomsdata &o)
    : ca_cert_dir(o.ca_cert_dir), voms_cert_dir(o.voms_cert_dir), duration(o.duration), ordering(o.ordering), servers(o.servers),
      targets(o.targets), error(o.error), data(o.data), workvo(o.workvo), extra_data(o.extra_data), ver_type(o.ver_type),
      serverrors(o.serverrors), errmessage(o.errmessage), retry_count(o.retry_count), verificationtime(o.verificationtime),
      vdp(nullptr) {}

vomsdata::~vomsdata() {}

void vomsdata::SetVerificationType(verify_type how) { ver_type = how; }

void vomsdata::SetVerificationTime(time_t when) { verificationtime = when; }

std::string vomsdata::ErrorMessage(void) { return errmessage; }

bool vomsdata::DefaultData(voms &d) {
  if (data.empty()) return false;
  d = data.front();
  return true;
}

bool vomsdata::Retrieve(X509 *certificate, STACK_OF(X509) *chain, recurse_type how) {
  const vomsapi_asked asked = {certificate,
                               chain,
                               static_cast<int>(how),
                               static_cast<int>(ver_type),
                               static_cast<std::int64_t>(verificationtime),
                               voms_cert_dir.c_str(),
                               ca_cert_dir.c_str()};
  Fields fields;
  vomsapi_ask(&asked, fields.told());
  std::vector<voms> found;
  char letter;
  std::string value;
  while (fields.next(letter, value)) {
    if (letter == 'm') errmessage = value;
    if (letter == 'N') {
      found.emplace_back();
      found.back().version = 1;
      found.back().type = TYPE_STD;
      found.back().realdata = new Behind;
      found.back().holder = another(fields.told()->holder);
    }
    if (found.empty()) continue;
    put(found.back(), letter, value);
    put_generic(*static_cast<Behind *>(found.back().realdata), letter, value);
  }
  if (fields.told()->code) {
    error = static_cast<verror_type>(fields.told()->code);
    return false;
  }
  data.insert(data.end(), found.begin(), found.end());
  return true;
}

namespace {

// Retrieves from what was read, or takes over why nothing was.
bool retrieve_read(vomsdata &vd, Fields &fields, std::string &message, recurse_type how) {
  Certificates read;
  const int code = read.take(fields, message);
  if (!code) return vd.Retrieve(read.proxy(), read.others(), how);
  vd.error = static_cast<verror_type>(code);
  return false;
}

} // namespace

bool vomsdata::Retrieve(FILE *file, recurse_type how) {
  Fields fields;
  vomsapi_read_stream(file, fields.told());
  return retrieve_read(*this, fields, errmessage, how);
}

bool vomsdata::RetrieveFromProxy(recurse_type how) {
  Fields fields;
  vomsapi_read_proxy(fields.told());
  return retrieve_read(*this, fields, errmessage, how);
}

bool vomsdata::Retrieve(X509_EXTENSION *) {
  Fields fields;
  vomsapi_read_extension(fields.told());
  return retrieve_read(*this, fields, errmessage, RECURSE_CHAIN);
}

bool vomsdata::Export(std::string &text) {
  std::string all;
  for (const voms &v : data) {
    const Behind *behind = static_cast<const Behind *>(v.realdata);
    unsigned char *der = nullptr;
    const int length = behind && v.holder ? i2d_X509(v.holder, &der) : -1;
    const std::unique_ptr<unsigned char, void (*)(unsigned char *)> owner(der, [](unsigned char *p) { OPENSSL_free(p); });
    if (length < 0) {
      error = VERR_FORMAT;
      return false;
    }
    all.append(reinterpret_cast<const char *>(der), static_cast<std::size_t>(length)).append(behind->ac);
  }
  Fields fields;
  vomsapi_export(reinterpret_cast<const unsigned char *>(all.data()), all.size(), fields.told());
  char letter;
  return fields.next(letter, text);
}

bool vomsdata::Import(std::string) {
  error = VERR_NOTAVAIL;
  errmessage = "Exported attributes are not imported.";
  return false;
}
