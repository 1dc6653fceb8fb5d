/* One RSA key and nothing else, by the OpenSSL that this is linked with: `genkey BITS`, or `genkey version`. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  if (!strcmp(argv[1], "version")) return puts(OpenSSL_version(OPENSSL_VERSION)) < 0;
  EVP_PKEY *key = EVP_RSA_gen((unsigned)atoi(argv[1]));
  return !key || !PEM_write_PrivateKey(stdout, key, NULL, NULL, 0, NULL, NULL);
}
