#include "cli/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"

struct fus_interrupt {
    int signals; /* signalfd */
    int seen_fd; /* eventfd: readable once a signal was seen */
    int stop_fd; /* eventfd: readable once the thread is to end */
    int forced_exit;
    atomic_bool seen;
    pthread_t thread;
    bool running;
};

static void raise_event(int fd)
{
    uint64_t one = 1;
    /* An eventfd's write can only fail when its counter is full, that is when it is raised already.
     */
    ssize_t written = write(fd, &one, sizeof(one));
    (void)written;
}

static void *watch(void *user)
{
    struct fus_interrupt *interrupt = user;
    for (;;) {
        struct pollfd fds[2] = {{interrupt->signals, POLLIN, 0}, {interrupt->stop_fd, POLLIN, 0}};
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return NULL;
        if (fds[1].revents != 0)
            return NULL;
        struct signalfd_siginfo info;
        if (fds[0].revents == 0 || read(interrupt->signals, &info, sizeof(info)) != sizeof(info))
            continue;
        bool again = atomic_load(&interrupt->seen);
        if (again && info.ssi_signo == SIGHUP) /* service managers send it right behind a SIGTERM */
            continue;
        if (again)
            _exit(interrupt->forced_exit);
        atomic_store(&interrupt->seen, true);
        raise_event(interrupt->seen_fd);
    }
}

/* As under nohup: a blocked signal would reach the signalfd all the same. */
static bool hangups_are_ignored(void)
{
    struct sigaction action;
    return sigaction(SIGHUP, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

int fus_interrupt_start(int forced_exit, struct fus_interrupt **interrupt, struct fus_error *err)
{
    FUS_CLEANUP(fus_interrupt_stop) struct fus_interrupt *made = fus_calloc(1, sizeof(*made));
    if (made == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    if (!hangups_are_ignored())
        sigaddset(&set, SIGHUP);
    made->forced_exit = forced_exit;
    made->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    made->seen_fd = eventfd(0, EFD_CLOEXEC);
    made->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (made->signals < 0 || made->seen_fd < 0 || made->stop_fd < 0)
        return fus_error_errno(err, errno, "signals can't be watched");
    int failed = pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (failed == 0)
        failed = pthread_create(&made->thread, NULL, watch, made);
    if (failed != 0)
        return fus_error_errno(err, failed, "signals can't be watched");
    made->running = true;
    *interrupt = FUS_TAKE(made);
    return 0;
}

bool fus_interrupt_seen(const struct fus_interrupt *interrupt)
{
    return atomic_load(&interrupt->seen);
}

bool fus_interrupt_sleep(struct fus_interrupt *interrupt, int timeout_ms)
{
    struct pollfd fd = {interrupt->seen_fd, POLLIN, 0};
    (void)poll(&fd, 1, timeout_ms);
    return fus_interrupt_seen(interrupt);
}

void fus_interrupt_wait(struct fus_interrupt *interrupt)
{
    while (!fus_interrupt_sleep(interrupt, -1))
        continue;
}

void fus_interrupt_stop(struct fus_interrupt *interrupt)
{
    if (interrupt == NULL)
        return;
    if (interrupt->running) {
        raise_event(interrupt->stop_fd);
        (void)pthread_join(interrupt->thread, NULL);
    }
    fus_close(interrupt->signals);
    fus_close(interrupt->seen_fd);
    fus_close(interrupt->stop_fd);
    fus_free(interrupt);
}
