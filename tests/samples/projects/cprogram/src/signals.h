#ifndef SIGNALS_H
#define SIGNALS_H

/* Wait until the program is asked to end; the number of the signal, or -1. */
int wait_for_the_end(void);

#endif
