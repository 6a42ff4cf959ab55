def save_plots(outcome, folder):
    return []
