#include "worker/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

enum { CHILD_SOCKET = 3, ABOVE_STANDARD = 10, SEND_TIMEOUT_MS = 5000, ENVIRONMENT_MAX = 16 };
enum { LINES_MAX = 1000, READS_AT_A_TIME = 64 };

/* Everything the child needs between fork and execve, made before: there it may only make system
 * calls, because another thread of the parent may have held any lock. */
struct launch {
    const char *executable;
    int socket, null_fd, stderr_fd;
    pid_t parent;
    uint64_t memory_bytes;
    char *arguments[3];
    char *environment[ENVIRONMENT_MAX + 1];
};

/* What else of the environment a worker may see; nothing of ours, where secrets are. */
static const char *const passed_on[] = {"TZ",           "LD_LIBRARY_PATH", "ASAN_OPTIONS",
                                        "LSAN_OPTIONS", "UBSAN_OPTIONS",   "TSAN_OPTIONS"};

static bool add_variable(struct launch *launch, size_t *count, const char *name, const char *value)
{
    FUS_AUTO_STR struct fus_str text = {0};
    fus_str_printf(&text, "%s=%s", name, value);
    launch->environment[*count] = fus_str_take(&text);
    return launch->environment[(*count)++] != NULL;
}

static bool make_environment(struct launch *launch)
{
    size_t count = 0;
    bool ok = add_variable(launch, &count, "PATH", "/usr/bin:/bin") &&
              add_variable(launch, &count, "LANG", "C.UTF-8") &&
              add_variable(launch, &count, "HOME", "/nonexistent");
    for (size_t i = 0; ok && i < FUS_COUNT(passed_on); i++) {
        const char *value = getenv(passed_on[i]);
        if (value)
            ok = add_variable(launch, &count, passed_on[i], value);
    }
    return ok;
}

static void launch_done(struct launch *launch)
{
    for (size_t i = 0; i < ENVIRONMENT_MAX; i++)
        fus_free(launch->environment[i]);
    fus_close(launch->null_fd);
    fus_close(launch->stderr_fd);
}
#define AUTO_LAUNCH __attribute__((cleanup(launch_done)))

static void limit(int resource, rlim_t value)
{
    const struct rlimit ceiling = {.rlim_cur = value, .rlim_max = value};
    setrlimit((__rlimit_resource_t)resource, &ceiling);
}

static void arrange_descriptors(const struct launch *launch)
{
    /* Out of the way first, in case they lie where they are to go. */
    int null_fd = fcntl(launch->null_fd, F_DUPFD_CLOEXEC, ABOVE_STANDARD);
    int socket = fcntl(launch->socket, F_DUPFD_CLOEXEC, ABOVE_STANDARD);
    int said = fcntl(launch->stderr_fd, F_DUPFD_CLOEXEC, ABOVE_STANDARD);
    if (null_fd < 0 || socket < 0 || said < 0 || dup2(null_fd, 0) < 0 || dup2(null_fd, 1) < 0 ||
        dup2(said, 2) < 0 || dup2(socket, CHILD_SOCKET) < 0)
        _exit(126);
    close_range(CHILD_SOCKET + 1, ~0u, 0);
}

static _Noreturn void become_worker(const struct launch *launch)
{
    /* In this order: a parent that died before the prctl is seen by its changed pid. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != launch->parent)
        _exit(126);
    arrange_descriptors(launch);
    limit(RLIMIT_CORE, 0);
    if (launch->memory_bytes > 0)
        limit(RLIMIT_AS, (rlim_t)launch->memory_bytes);
    int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (score >= 0) {
        ssize_t ignored = write(score, "500", 3);
        (void)ignored;
        close(score);
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        _exit(126);
    /* A Ctrl-C at the terminal reaches the whole group; when to stop is the server's to say. */
    static const int ignored[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE};
    for (size_t i = 0; i < FUS_COUNT(ignored); i++)
        signal(ignored[i], SIG_IGN);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(launch->executable, launch->arguments, launch->environment);
    _exit(127);
}

static pid_t start(const struct launch *launch)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* no handler of ours runs in the child */
    pid_t pid = fork();
    if (pid == 0)
        become_worker(launch);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pid;
}

int fus_process_start(const struct fus_process_options *options, struct fus_process **out,
                      struct fus_error *err)
{
    static char name[] = "fusiond", command[] = "worker-child";
    AUTO_LAUNCH struct launch launch = {
        .executable = options->executable ? options->executable : "/proc/self/exe",
        .null_fd = open("/dev/null", O_RDWR | O_CLOEXEC),
        .stderr_fd = -1,
        .parent = getpid(),
        .memory_bytes = options->memory_bytes,
        .arguments = {name, command, NULL},
    };
    struct fus_process *process = fus_calloc(1, sizeof(*process));
    FUS_AUTO_FREE void *held = process;
    if (!process || !make_environment(&launch))
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to start a worker.");
    int said[2], ends[2];
    if (launch.null_fd < 0 || pipe2(said, O_CLOEXEC) != 0)
        return fus_error_set(err, FUS_E_WORKER_CRASHED, "A worker cannot be started (%s).",
                             strerror(errno));
    launch.stderr_fd = said[1];
    FUS_AUTO_FD int hear = said[0];
    if (fcntl(hear, F_SETFL, O_NONBLOCK) != 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return fus_error_set(err, FUS_E_WORKER_CRASHED, "A worker cannot be started (%s).",
                             strerror(errno));
    FUS_AUTO_FD int theirs = ends[1];
    int rc = fus_channel_new(ends[0], FUS_CHANNEL_FROM_WORKER_MAX, SEND_TIMEOUT_MS,
                             &process->channel, err);
    if (rc) {
        fus_close(ends[0]);
        return rc;
    }
    launch.socket = theirs;
    process->pid = start(&launch);
    if (process->pid < 0) {
        fus_channel_free(process->channel);
        return fus_error_set(err, FUS_E_WORKER_CRASHED, "A worker cannot be started (%s).",
                             strerror(errno));
    }
    process->stderr_fd = hear;
    hear = -1;
    *out = FUS_TAKE(held);
    return 0;
}

static void end_line(struct fus_process *process, void (*line)(void *user, const char *text),
                     void *user)
{
    process->line[process->line_length] = '\0';
    if (process->line_length > 0 && process->lines++ < LINES_MAX)
        line(user, process->line);
    process->line_length = 0;
}

void fus_process_listen(struct fus_process *process, void (*line)(void *user, const char *text),
                        void *user)
{
    char bytes[1024];
    for (int reads = 0; process->stderr_fd >= 0 && reads < READS_AT_A_TIME; reads++) {
        ssize_t got = read(process->stderr_fd, bytes, sizeof(bytes));
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        for (ssize_t i = 0; i < got; i++) {
            if (bytes[i] == '\n')
                end_line(process, line, user);
            else if (process->line_length + 1 < sizeof(process->line) && bytes[i] != '\0')
                process->line[process->line_length++] = bytes[i];
        }
        if (got <= 0) {
            end_line(process, line, user);
            fus_close(process->stderr_fd);
            process->stderr_fd = -1;
        }
    }
}

static void describe(int status, char *how, size_t size)
{
    if (!how)
        return;
    if (WIFSIGNALED(status))
        snprintf(how, size, "signal %d", WTERMSIG(status));
    else
        snprintf(how, size, "exit status %d", WEXITSTATUS(status));
}

void fus_process_end(struct fus_process *process, int64_t timeout_ms, char *how, size_t size)
{
    if (process->pid <= 0)
        return;
    int status = 0;
    int64_t until_us = fus_clock_monotonic_us() + timeout_ms * 1000;
    pid_t ended;
    while ((ended = waitpid(process->pid, &status, WNOHANG)) == 0 &&
           fus_clock_monotonic_us() < until_us)
        fus_clock_sleep_ms(5);
    if (ended == 0) {
        kill(process->pid, SIGKILL);
        while (waitpid(process->pid, &status, 0) < 0 && errno == EINTR)
            ;
    }
    process->pid = 0;
    describe(status, how, size);
}

void fus_process_free(struct fus_process *process)
{
    if (!process)
        return;
    fus_process_end(process, 0, NULL, 0);
    fus_channel_free(process->channel);
    fus_close(process->stderr_fd);
    fus_free(process);
}
