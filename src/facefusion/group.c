#include "facefusion/group.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"

enum { CONTROL = 3, ABOVE = 10, LOOK_MS = 20, KILL_ROUNDS = 250, NOT_STARTED = 127 };

/* ---- the keeper: after fork in a program with threads, so system calls only ---- */

static void restore_signals(void)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGCHLD};
    for (size_t i = 0; i < FUS_COUNT(signals); i++)
        signal(signals[i], SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void become_program(const char *folder, char *const arguments[],
                                     char *const environment[])
{
    const struct rlimit no_core = {0, 0};
    setpgid(0, 0);
    setrlimit(RLIMIT_CORE, &no_core);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || chdir(folder) != 0)
        _exit(NOT_STARTED);
    close(CONTROL);
    restore_signals();
    execve(arguments[0], arguments, environment);
    _exit(NOT_STARTED);
}

/* SIGKILL to every child of the keeper, which are all orphans of the program, too. */
static void kill_children(void)
{
    char path[] = "/proc/thread-self/children", text[4096];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof(text));
    if (fd >= 0)
        close(fd);
    pid_t pid = 0;
    for (ssize_t i = 0; i < size; i++) {
        if (text[i] >= '0' && text[i] <= '9') {
            pid = pid * 10 + (text[i] - '0');
        } else {
            if (pid > 1)
                kill(pid, SIGKILL);
            pid = 0;
        }
    }
}

/* What is asked for: 0 nothing new, 1 end, -1 kill. */
static int listen_to_control(void)
{
    struct pollfd control = {.fd = CONTROL, .events = POLLIN};
    char byte;
    if (poll(&control, 1, LOOK_MS) <= 0)
        return 0;
    return read(CONTROL, &byte, 1) == 1 && byte == 't' ? 1 : -1;
}

/* Ends like the program did, after everything. */
static _Noreturn void keep(pid_t program)
{
    int program_status = 0, status, rounds = 0;
    bool ended = false, killing = false;
    for (;;) {
        pid_t pid;
        while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
            if (pid == program) {
                ended = true;
                program_status = status;
                kill(-program, SIGKILL); /* what it left of its group */
            }
        }
        if (pid < 0 && errno == ECHILD)
            break;
        int asked = listen_to_control();
        if (asked > 0 && !ended)
            kill(-program, SIGTERM);
        killing = killing || asked < 0;
        if (killing && !ended)
            kill(-program, SIGKILL);
        if (killing || ended)
            kill_children();
        /* A process that not even SIGKILL ends hangs in the kernel. */
        if ((killing || ended) && ++rounds > KILL_ROUNDS)
            break;
        if (killing) {
            const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
            nanosleep(&pause, NULL); /* the closed end of the pipe no longer waits */
        }
    }
    if (WIFSIGNALED(program_status)) {
        signal(WTERMSIG(program_status), SIG_DFL);
        const struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        kill(getpid(), WTERMSIG(program_status));
    }
    _exit(WIFEXITED(program_status) ? WEXITSTATUS(program_status) : NOT_STARTED);
}

static _Noreturn void become_keeper(int null_fd, int control, int said, const char *folder,
                                    char *const arguments[], char *const environment[])
{
    setpgid(0, 0); /* a Ctrl-C at the terminal is ours to pass on */
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    int ends[3] = {fcntl(null_fd, F_DUPFD_CLOEXEC, ABOVE), fcntl(said, F_DUPFD_CLOEXEC, ABOVE),
                   fcntl(control, F_DUPFD_CLOEXEC, ABOVE)};
    if (ends[0] < 0 || ends[1] < 0 || ends[2] < 0 || dup2(ends[0], 0) < 0 || dup2(ends[1], 1) < 0 ||
        dup2(ends[1], 2) < 0 || dup2(ends[2], CONTROL) < 0)
        _exit(NOT_STARTED);
    close_range(CONTROL + 1, ~0u, 0);
    restore_signals();
    pid_t program = fork();
    if (program == 0)
        become_program(folder, arguments, environment);
    if (program < 0)
        _exit(NOT_STARTED);
    setpgid(program, program); /* here and there: whoever is first */
    /* its stdout is the program's to close */
    dup2(0, 1);
    dup2(0, 2);
    static const int ignored[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE};
    for (size_t i = 0; i < FUS_COUNT(ignored); i++)
        signal(ignored[i], SIG_IGN);
    keep(program);
}

/* ---- our side ---- */

int fus_group_start(struct fus_group *group, const char *folder, char *const arguments[],
                    char *const environment[], struct fus_error *err)
{
    int control[2] = {-1, -1}, said[2] = {-1, -1};
    FUS_AUTO_FD int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    pid_t keeper = -1;
    if (null_fd >= 0 && pipe2(control, O_CLOEXEC) == 0 && pipe2(said, O_CLOEXEC) == 0 &&
        fcntl(said[0], F_SETFL, O_NONBLOCK) == 0) {
        sigset_t all, before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before); /* no handler of ours runs in the child */
        keeper = fork();
        if (keeper == 0)
            become_keeper(null_fd, control[0], said[1], folder, arguments, environment);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    int number = errno;
    fus_close(control[0]);
    fus_close(said[1]);
    if (keeper < 0) {
        fus_close(control[1]);
        fus_close(said[0]);
        return fus_error_set(err, FUS_E_ENGINE_FAILED, "FaceFusion cannot be started (%s).",
                             strerror(number));
    }
    *group = (struct fus_group){.keeper = keeper, .control = control[1], .said = said[0]};
    return 0;
}

void fus_group_ask(struct fus_group *group)
{
    if (group->control >= 0) {
        ssize_t ignored = write(group->control, "t", 1);
        (void)ignored;
    }
}

void fus_group_kill(struct fus_group *group)
{
    fus_close(group->control);
    group->control = -1;
}

bool fus_group_ended(struct fus_group *group, int *status)
{
    pid_t pid;
    if (group->keeper <= 0)
        return true;
    while ((pid = waitpid(group->keeper, status, WNOHANG)) < 0 && errno == EINTR)
        ;
    if (pid == 0)
        return false;
    group->keeper = 0;
    return true;
}

void fus_group_done(struct fus_group *group)
{
    int status;
    fus_group_kill(group);
    if (group->keeper > 0) {
        while (waitpid(group->keeper, &status, 0) < 0 && errno == EINTR)
            ;
    }
    fus_close(group->said);
    *group = (struct fus_group){.control = -1, .said = -1};
}
