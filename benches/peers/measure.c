/* measure STDOUT STDERR PROGRAM ARGUMENT...: runs the program once, with its output in files and nothing to read, and
 * prints its exit status, its wall time in ns, user and system time in µs and peak memory in KiB, those of its own
 * children among them. The kernel counts the memory of the process that starts a program as the program's own, so this has to be
 * small: compile it with -static. */
#define _DEFAULT_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void become(int fd, const char *path, int flags) {
  int opened = open(path, flags, 0600);
  if (opened < 0 || dup2(opened, fd) < 0 || close(opened)) _exit(126);
}

int main(int argc, char **argv) {
  struct timespec begin, end;
  struct rusage used;
  int status;
  if (argc < 4) return 2;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  pid_t child = vfork();
  if (child < 0) return 2;
  if (child == 0) {
    become(0, "/dev/null", O_RDONLY);
    become(1, argv[1], O_WRONLY | O_CREAT | O_TRUNC);
    become(2, argv[2], O_WRONLY | O_CREAT | O_TRUNC);
    execvp(argv[3], argv + 3);
    _exit(127);
  }
  if (wait4(child, &status, 0, &used) != child) return 2;
  clock_gettime(CLOCK_MONOTONIC, &end);
  printf("%d %lld %lld %lld %ld\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
         (end.tv_sec - begin.tv_sec) * 1000000000LL + (end.tv_nsec - begin.tv_nsec),
         used.ru_utime.tv_sec * 1000000LL + used.ru_utime.tv_usec,
         used.ru_stime.tv_sec * 1000000LL + used.ru_stime.tv_usec, used.ru_maxrss);
  return 0;
}
